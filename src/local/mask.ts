export { ending } from '../kinds/proxmox/credential.ts';
