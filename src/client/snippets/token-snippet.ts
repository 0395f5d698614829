export type TokenTool = 'curl' | 'github' | 'gitlab';

/**
 * How a token is used without standing anywhere in the clear: read from TESSERA_TOKEN, which the shell takes out of a
 * file and a pipeline out of its own store of secrets.
 *
 * @param address what is called with it, `https://metrics.example.com/`
 * @param server address of this Tessera
 */
export function tokenSnippet(tool: TokenTool, address: string, server: string): string {
  const call = `curl --fail-with-body --silent --show-error \\
  --header "Authorization: Bearer $TESSERA_TOKEN" \\
  "${address}"`;
  switch (tool) {
    case 'curl':
      return `# The file you saved; keep it readable for you alone: chmod 600 token.txt
export TESSERA_TOKEN="$(cat token.txt)"
${call}

# What the token may do at this moment
curl --fail-with-body --silent --header "Authorization: Bearer $TESSERA_TOKEN" "${server}/api/v1/me"
`;
    case 'github':
      return `# Settings > Secrets and variables > Actions > New repository secret: TESSERA_TOKEN
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - name: Call the guarded service
        env:
          TESSERA_TOKEN: \${{ secrets.TESSERA_TOKEN }}
        run: |
${indented(call, 10)}
`;
    case 'gitlab':
      return `# Settings > CI/CD > Variables > Add variable: TESSERA_TOKEN, masked and hidden
call:
  image: curlimages/curl
  script:
    - |
${indented(call, 6)}
`;
  }
}

const indented = (text: string, blanks: number): string => text.replace(/^/gm, ' '.repeat(blanks));
