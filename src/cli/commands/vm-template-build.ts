import { quoteShell } from '../../local/shell.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { wholeNumber } from '../numbers.ts';

export interface Options {
  readonly version: string;
  readonly id?: string;
  readonly storage?: string;
  readonly bridge?: string;
}

/** The commands as a script, so that they can be read, copied, or piped into a shell on the host. */
export async function run(options: Options, context: Context): Promise<void> {
  const { version, storage = 'local-lvm', bridge = 'vmbr0' } = options;
  if (!/^\d\d\.(04|10)$/.test(version))
    throw usageError(`'${version}' is no Ubuntu release.`, 'Write it as 22.04.');
  const id = wholeNumber('--id', options.id ?? '9000');
  if (!/^[A-Za-z][\w.-]{0,99}$/.test(storage))
    throw usageError(`--storage: '${storage}' is no name of a storage.`, 'See: pvesm status');
  if (!/^[A-Za-z]\w{0,14}$/.test(bridge))
    throw usageError(`--bridge: '${bridge}' is no name of a bridge.`, 'See: ip link');
  const script = buildScript({ version, id, storage, bridge });
  context.out.show({ version, id, script }, () => script);
  if (!context.out.json)
    context.out.remark(`\nThen tell the server, in its .env: ${settingOf(version)}=${id}`);
}

const settingOf = (version: string): string => `UBUNTU_${version.replace('.', '')}_TEMPLATE_ID`;

/** `import-from` is known to Proxmox VE since 7.2. */
function buildScript(wish: { version: string; id: number; storage: string; bridge: string }): string {
  const { version, id } = wish;
  const [storage, bridge] = [quoteShell(wish.storage), quoteShell(wish.bridge)];
  const image = `ubuntu-${version}-server-cloudimg-amd64.img`;
  const releases = `https://cloud-images.ubuntu.com/releases/${version}/release`;
  return `# Ubuntu ${version} as template ${id}; run it as root on a host of Proxmox VE.
(
set -eu
cd /var/tmp
apt-get install -y libguestfs-tools
wget -N ${releases}/${image}
wget -O SHA256SUMS ${releases}/SHA256SUMS
sha256sum --check --ignore-missing SHA256SUMS
# A copy gets the guest agent, which tells the address, and no machine id: each clone makes its own.
cp ${image} template-${id}.img
virt-customize -a template-${id}.img --install qemu-guest-agent --truncate /etc/machine-id
qm create ${id} --name ubuntu-${version.replace('.', '')}-template --ostype l26 --cores 2 --memory 2048 \\
  --net0 virtio,bridge=${bridge} --scsihw virtio-scsi-pci --serial0 socket --vga serial0
qm set ${id} --scsi0 ${storage}:0,import-from=/var/tmp/template-${id}.img
qm set ${id} --ide2 ${storage}:cloudinit --boot order=scsi0 --ipconfig0 ip=dhcp --agent enabled=1
qm template ${id}
rm template-${id}.img
) </dev/null`;
}
