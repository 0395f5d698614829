import { expect, test } from 'vitest';
import { likelyNode, likelyTemplate } from './draft.ts';

const templates = [
  { id: 9100, name: 'windows-2022', node: 'pve' },
  { id: 9001, name: 'ubuntu-20.04-template', node: 'pve' },
  { id: 9000, name: 'ubuntu-2204', node: 'pve' },
];

test('the template proposed is the one whose name speaks of the release', () => {
  expect(likelyTemplate(templates, '22.04', '')).toBe('9000');
  expect(likelyTemplate(templates, '20.04', '')).toBe('9001');
});

test('a Windows of 2022 is not proposed for Ubuntu 22.04', () => {
  expect(likelyTemplate(templates.slice(0, 2), '22.04', '')).toBe('none');
});

test('the template configured is proposed as long as it exists', () => {
  expect(likelyTemplate(templates, '22.04', '9100')).toBe('9100');
  expect(likelyTemplate(templates, '22.04', '42')).toBe('9000');
});

test('the node proposed is the one configured, else the usual one, else the first', () => {
  expect(likelyNode(['a', 'pve', 'b'], 'b')).toBe('b');
  expect(likelyNode(['a', 'pve'], 'gone')).toBe('pve');
  expect(likelyNode(['a', 'c'], '')).toBe('a');
});
