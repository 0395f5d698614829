/** A double as what makes a connection of it; `url` where it is reached by another way than its own. */
export const asConnection = (
  name: string,
  kind: 'proxmox' | 'foreman',
  double: { readonly url: string; readonly fingerprint: string },
  secret: string,
  url = double.url,
) => ({
  name,
  kind,
  url,
  trust: { mode: 'pin', fingerprint: double.fingerprint },
  credential: { secret },
});
