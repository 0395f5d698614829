import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editTfvars } from './edit.ts';
import { quoteHcl } from './quote.ts';
import { readTfvars } from './read.ts';

function values(text: string): Record<string, string | null | undefined> {
  const entries = readTfvars(text, 'terraform.tfvars');
  if (!entries.ok) throw new Error(entries.error.message);
  return Object.fromEntries(entries.value.map((entry) => [entry.name, entry.value]));
}

describe('a string of HCL', () => {
  test('is read back as it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(values(`x = ${quoteHcl(value)}\n`)).toEqual({ x: value });
      }),
      { numRuns: 500 },
    );
  });

  test('made of dollars, percents and braces is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('$', '%', '{', '}', '"', '\\', '\n', 'u')), (parts) => {
        expect(values(`x = ${quoteHcl(parts.join(''))}`)).toEqual({ x: parts.join('') });
      }),
      { numRuns: 500 },
    );
  });

  // What terraform 1.x makes of these was read off `terraform console`.
  test.each([
    [`"a$\${b}"`, `a\${b}`],
    [`"a$$\${b}"`, `a$\${b}`],
    ['"a$$b"', 'a$$b'],
    ['"%%{x}"', '%{x}'],
    ['"\\u0024{b}"', `\${b}`],
  ])('%s means what it means to terraform', (text, value) => {
    expect(values(`x = ${text}`)).toEqual({ x: value });
  });
});

describe('a file of variable values', () => {
  test('is read with comments, heredocs, numbers, lists and objects in it', () => {
    const text = `
# who
proxmox_user = "root@pam" // trailing
/* a = "not this"
*/
vm_template_id = 9000
proxmox_tls_insecure = true # yes
nodes = ["a", { b = "]" }, # ]
  3]
secret = <<-EOT
    one
      two
    EOT
"quoted" = null
`;
    expect(values(text)).toEqual({
      proxmox_user: 'root@pam',
      vm_template_id: '9000',
      proxmox_tls_insecure: 'true',
      nodes: undefined,
      secret: 'one\n  two\n',
      quoted: null,
    });
  });

  test.each([
    ['x = "open', 'line 1'],
    ['\n\nx = var.y', 'line 3'],
    [`x = "\${var.y}"`, 'line 1'],
    ['x = "a" "b"', 'line 1'],
    ['x = [1, 2', 'line 1'],
    ['block {\n}', 'line 1'],
  ])('is refused with its line where it is none: %s', (text, line) => {
    const entries = readTfvars(text, 'terraform.tfvars');
    expect(entries.ok ? '' : entries.error.message).toContain(`terraform.tfvars, ${line}:`);
  });

  test('is edited in its place; everything else keeps its characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
        const edited = editTfvars('# mine\na   = 1 # one\nsecret = "old" # two\n', { secret, b: true }, 'f');
        expect(edited.ok ? edited.value : '').toBe(
          `# mine\na   = 1 # one\nsecret = ${quoteHcl(secret)} # two\nb = true\n`,
        );
      }),
    );
  });
});
