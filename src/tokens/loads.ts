/** One load per key at a time. A load during which its key was forgotten is answered but not kept. */
export class Loads<T> {
  readonly #running = new Map<string, { readonly result: Promise<T>; spoilt: boolean }>();

  run(key: string, read: () => Promise<T>, keep: (value: T) => void): Promise<T> {
    const running = this.#running.get(key);
    if (running !== undefined && !running.spoilt) return running.result;
    const load = { spoilt: false, result: Promise.resolve() as Promise<unknown> as Promise<T> };
    load.result = (async () => {
      try {
        const value = await read();
        if (!load.spoilt) keep(value);
        return value;
      } finally {
        if (this.#running.get(key) === load) this.#running.delete(key);
      }
    })();
    this.#running.set(key, load);
    return load.result;
  }

  spoil(key: string): void {
    const running = this.#running.get(key);
    if (running !== undefined) running.spoilt = true;
  }

  spoilAll(): void {
    for (const load of this.#running.values()) load.spoilt = true;
  }
}
