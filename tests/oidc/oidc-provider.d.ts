declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** The parts that the tests use; the library has no types of its own. */
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): RequestListener;
    on(event: string, listener: (...values: unknown[]) => void): this;
    interactionDetails(request: unknown, response: unknown): Promise<{ prompt: { name: string } }>;
    interactionFinished(
      request: unknown,
      response: unknown,
      result: Record<string, unknown>,
      options?: Record<string, unknown>,
    ): Promise<void>;
    readonly Grant: new (
      values: Record<string, unknown>,
    ) => {
      addOIDCScope(scope: string): void;
      save(): Promise<string>;
    };
  }
}
