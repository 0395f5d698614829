/** Placeholder until a suite needs a shared server. */
export default function setup(): void {}
