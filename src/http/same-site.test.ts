import { expect, test } from 'vitest';
import { isFromForeignPage } from './same-site.ts';

test.each([
  [{}, false],
  [{ 'sec-fetch-site': 'same-origin' }, false],
  [{ 'sec-fetch-site': 'none' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, true],
  [{ 'sec-fetch-site': 'same-site' }, true],
  [{ origin: 'https://tokens.example.com' }, false],
  [{ origin: 'https://tokens.example.com:8443' }, false],
  [{ origin: 'http://127.0.0.1:8001', host: '127.0.0.1:8001' }, false],
  [{ origin: 'http://127.0.0.1:9000', host: '127.0.0.1:8001' }, true],
  [{ origin: 'https://evil.example' }, true],
  [{ origin: 'https://tokens.example.com.evil.example' }, true],
  [{ origin: 'null' }, true],
  [{ origin: 'https://tokens.example.com', 'sec-fetch-site': 'cross-site' }, true],
])('a request with %j is foreign: %s', (headers, foreign) => {
  expect(isFromForeignPage(headers, 'tokens.example.com')).toBe(foreign);
});
