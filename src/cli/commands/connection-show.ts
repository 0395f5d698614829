import { credentialWords, trustWordsOf } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { findingText } from '../test-view.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly connection: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const connection = await tessera.connections.get(options.connection);
  const { last_test: last, has_fallback: hasFallback } = connection;
  context.out.record(connection, [
    ['Name', connection.name],
    ['Id', connection.id],
    ['Kind', connection.kind],
    ['Origin', connection.origin],
    ['Trust', trustWordsOf(connection)],
    ['Warning', connection.trust.warning],
    ['Credential', `${credentialWords(connection)} (version ${connection.credential_version})`],
    ['Ends', moment(connection.credential_expires_at, 'never, or not known')],
    [
      'Fallback',
      hasFallback
        ? `password of ${connection.fallback_identity ?? ''}, ${connection.fallback_enabled ? 'used after a refusal' : 'off'}`
        : null,
    ],
    ['State', connection.state],
    ['Last test', last === null ? 'never' : `${moment(last.at)}: ${last.sentence}`],
    ['Created', `${moment(connection.created_at)} by ${connection.created_by}`],
    ['Updated', `${moment(connection.updated_at)} by ${connection.updated_by}`],
  ]);
  if (context.out.json || last === null) return;
  for (const finding of last.findings) context.out.line(`\n${findingText(context, finding)}`);
}
