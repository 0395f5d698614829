import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
// biome-ignore lint/suspicious/noExplicitAny: a document of any shape
let document: any;
beforeAll(async () => {
  server = await startTestServer();
  document = (await server.call('GET', '/openapi.json')).json;
});
afterAll(() => server.close());

test('the document is OpenAPI 3.1 and every reference in it leads somewhere', () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const broken: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string') {
        const target = inner
          .slice(2)
          .split('/')
          .reduce((at, part) => at?.[part.replaceAll('~1', '/')], document);
        if (target === undefined) broken.push(inner);
      } else walk(inner);
    }
  };
  walk(document);
  expect(broken).toEqual([]);
});

interface Operation {
  readonly summary?: string;
  readonly tags?: string[];
  readonly responses?: object;
}

test('every operation has a summary, a tag, and says what it answers', () => {
  const poor: string[] = [];
  for (const [path, operations] of Object.entries(
    document.paths as Record<string, Record<string, Operation>>,
  )) {
    for (const [method, operation] of Object.entries(operations)) {
      const whole =
        operation.summary &&
        (operation.tags ?? []).length > 0 &&
        Object.keys(operation.responses ?? {}).length > 0;
      if (!whole) poor.push(`${method} ${path}`);
    }
  }
  expect(poor).toEqual([]);
});

test('everything that needs a token says so, and what it refuses has the shape of a problem document', () => {
  const operation = document.paths['/api/v1/tokens'].post;
  expect(operation.security).toEqual([{ bearer: [] }, { session: [] }]);
  expect(operation.responses['401'].content).toEqual({
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  });
  const served = Object.keys(operation.responses['201'].content);
  expect(served).toEqual(['application/json']);
  expect(Object.keys(document.components.schemas)).toContain('Problem');
});

test('a problem document is never said to come as plain JSON, and is served as it is said', async () => {
  const wrong: string[] = [];
  for (const [path, operations] of Object.entries(
    document.paths as Record<string, Record<string, Operation>>,
  ))
    for (const [method, { responses = {} }] of Object.entries(operations))
      for (const { content } of Object.values(
        responses as Record<string, { content?: Record<string, unknown> }>,
      ))
        if (JSON.stringify(content?.['application/json'] ?? '').includes('schemas/Problem"'))
          wrong.push(`${method} ${path}`);
  expect(wrong).toEqual([]);
  const refused = await server.call('POST', '/api/v1/tokens', { body: {} });
  expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
});

test('the page at /docs is served with a policy that allows no foreign script', async () => {
  const page = await server.call('GET', '/docs/');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'self'; base-uri 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none';",
  );
  const foreign = page.text.match(/(?:src|href)="https?:[^"]*"/g);
  expect(foreign).toBeNull();
});
