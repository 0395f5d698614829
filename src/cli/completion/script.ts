import type { Shell } from '../context.ts';
import type { CommandDescription } from '../description.ts';
import { type Step, steps, type Word } from './words.ts';

/** A script that completes commands, options and choices; it runs nothing, so it is quick. */
export function completionScript(shell: Shell, commands: readonly CommandDescription[]): string {
  return { bash, zsh, fish }[shell](steps(commands));
}

const list = (words: readonly Word[]): string => words.map(({ word }) => word).join(' ');

/** The case of one step: what can follow, and what can follow a dash. */
const cases = (all: readonly Step[]): string =>
  all
    .map(({ path, words, options }) => `    '${path}') words='${list(words)}'; options='${list(options)}' ;;`)
    .join('\n');

/** Known paths, so that a word which is an argument does not lengthen the path. */
const paths = (all: readonly Step[]): string =>
  all
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|');

function bash(all: readonly Step[]): string {
  return `# Completion of tessera for bash: source <(tessera completion bash)
_tessera() {
  local path='' words='' options='' word longer current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    longer="\${path:+$path }$word"
    case "$longer" in
      ${paths(all)}) path="$longer" ;;
    esac
  done
  case "$path" in
${cases(all)}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o default -F _tessera tessera
`;
}

function zsh(all: readonly Step[]): string {
  return `#compdef tessera
# Completion of tessera for zsh: source <(tessera completion zsh)
_tessera() {
  local spot='' options='' choices='' word longer
  for word in "\${(@)words[2,CURRENT-1]}"; do
    longer="\${spot:+$spot }$word"
    case "$longer" in
      ${paths(all)}) spot="$longer" ;;
    esac
  done
  case "$spot" in
${cases(all).replaceAll(") words='", ") choices='")}
  esac
  if [[ "$PREFIX" == -* ]]; then
    compadd -- \${=options}
  elif [[ -n "$choices" ]]; then
    compadd -- \${=choices}
  else
    _files
  fi
}
compdef _tessera tessera
`;
}

function fish(all: readonly Step[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = all.flatMap(({ path, words, options }) => {
    const here = `-n ${quoted(`test (__tessera_path) = ${quoted(path)}`)}`;
    return [
      ...words.map(
        ({ word, text }) => `complete -c tessera ${here} -f -a ${quoted(word)} -d ${quoted(text)}`,
      ),
      ...options.map(
        ({ word, text }) => `complete -c tessera ${here} -l ${word.slice(2)} -d ${quoted(text)}`,
      ),
    ];
  });
  return `# Completion of tessera for fish: tessera completion fish | source
function __tessera_path
    set -l path
    for word in (commandline -opc)[2..-1]
        set -l longer (string join ' ' $path $word)
        switch $longer
            case ${all
              .filter(({ path }) => path !== '')
              .map(({ path }) => quoted(path))
              .join(' ')}
                set path $path $word
        end
    end
    string join ' ' -- $path
    or echo ''
end
${lines.join('\n')}
`;
}
