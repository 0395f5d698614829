import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ProxmoxDouble, startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { proxmoxAsPve } from '../connections/support.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, settled, signedIn, type Visit, visit } from './browser.ts';

let server: TestServer;
let browser: Browser;
let double: ProxmoxDouble;
let window: Visit;
let page: Page;
beforeAll(async () => {
  double = await startProxmoxDouble({ delayScale: 0, cloneMs: 700, taskMs: 10, bootMs: 10 });
  server = await startTestServer({
    environment: {
      UBUNTU_2204_TEMPLATE_ID: '9000',
      UBUNTU_2004_TEMPLATE_ID: '9001',
      TESSERA_MACHINE_ADDRESS_WAIT: '2s',
      TESSERA_MACHINE_QUOTA: 'vms=4,cores=8,memory=16384',
    },
  });
  browser = await launchBrowser();
  window = await visit(browser);
  page = window.page;
  await signedIn(window, server);
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await double.close();
});
beforeEach(() => page.goto('about:blank'));
afterEach(() => {
  double.calm();
  expect(window.complaints.splice(0)).toEqual([]);
});

const api = (method: string, path: string, body?: unknown, token = server.admin) =>
  server.call(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) });
const open = async (path: string, heading: string | RegExp): Promise<void> => {
  await page.goto(server.url + path);
  await settled(page, heading);
};
const button = (name: string) => page.getByRole('button', { name, exact: true });
const step = (name: string, look: string) => page.locator(`[data-step=${name}][data-look=${look}]`);

async function ready(name: string): Promise<string> {
  const made = await api('POST', '/machines', { name });
  expect(made.status, made.text).toBe(202);
  await expect
    .poll(async () => (await api('GET', `/jobs/${made.json.id}`)).json.ended, { timeout: 20_000 })
    .toBe(true);
  return made.json.id;
}

test('without a connection the form leads to one, and the list says what a machine takes', async () => {
  await open('/machines', 'Machines');
  await page.getByRole('heading', { name: 'No machines yet' }).waitFor();
  await page.getByRole('link', { name: 'New machine' }).first().click();
  await settled(page, 'New machine');
  await page.getByRole('link', { name: 'Connect a system' }).waitFor();
  await page.goto(`${server.url}/machines/templates`);
  await page.getByRole('heading', { name: 'No Proxmox VE is connected yet' }).waitFor();
  const made = await api('POST', '/connections', proxmoxAsPve(double));
  expect(made.status, made.text).toBe(201);
});

test('what stands in the way is said at its field; then each step is seen, and read out', async () => {
  await open('/machines/new', 'New machine');
  await page.getByLabel('Name', { exact: true }).fill('no.dots');
  await button('Make the machine').click();
  await page.getByText('Names take letters, digits and hyphens').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('test-vm');
  await page.getByLabel('Public SSH keys').fill('ssh-ed25519 AAAA me@laptop\nno key at all');
  await button('Try again').click();
  await page.getByText('Line 2: Is no public SSH key').waitFor();
  await page.getByLabel('Public SSH keys').fill('ssh-ed25519 AAAA me@laptop');
  await page.getByLabel('Disk in GiB').fill('1');
  await button('Try again').click();
  await page.locator('[data-finding=DISK_SHRINK]').getByRole('button', { name: 'Copy what to do' }).waitFor();
  expect(await page.getByLabel('Disk in GiB').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('Disk in GiB').fill('20');
  await page.getByRole('textbox', { name: 'Cores' }).fill('9');
  await page.getByText('With this one it would be 9 cores of 8: too much.').waitFor();
  await button('Try again').click();
  await page.getByRole('alert').getByText('machine_quota', { exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('textbox', { name: 'Cores' }).fill('2');
  await button('Try again').click();

  await settled(page, 'test-vm');
  await step('cloning', 'running').waitFor();
  await step('starting', 'waiting').waitFor();
  await page
    .getByRole('status')
    .getByText('test-vm: step 2 of 6, Copy the template.')
    .waitFor({ state: 'attached' });
  expect(await seriousFindings(page)).toEqual([]);
  await step('done', 'done').waitFor();
  await page.getByRole('status').getByText('test-vm: Ready.').waitFor({ state: 'attached' });
  expect(await page.locator('pre').innerText()).toMatch(/^ssh ubuntu@10\.77\./);
  expect(page.url()).toMatch(/\/machines\/[\w-]+$/);
});

test('a machine is stopped and deleted once it was said what that means', async () => {
  await open('/machines', 'Machines');
  await page.getByRole('link', { name: 'test-vm' }).click();
  await settled(page, 'test-vm');
  const guest = () => [...double.cluster.guests.values()].find((one) => one.config.get('name') === 'test-vm');
  await button('Stop').click();
  await page
    .getByRole('dialog')
    .getByText(/switched off at once/)
    .waitFor();
  await button('Stop it').click();
  await page.getByText('test-vm is stopped.').waitFor();
  expect(guest()?.running).toBe(false);
  // Only what makes sense is offered, and the list says the same.
  await button('Start').waitFor();
  await page.getByText('Stopped', { exact: true }).waitFor();
  expect(await button('Stop').count()).toBe(0);
  await open('/machines', 'Machines');
  await page.getByRole('row', { name: /test-vm Stopped/ }).waitFor();
  await page.getByRole('link', { name: 'test-vm' }).click();
  await settled(page, 'test-vm');
  await button('Start').click();
  await page.getByText('test-vm runs.').waitFor();
  expect(guest()?.running).toBe(true);
  await button('Stop').waitFor();
  expect(await button('Start').count()).toBe(0);
  await button('Delete').click();
  await page
    .getByRole('dialog')
    .getByText(`Guest ${guest()?.vmid} on pve (pve) is stopped and deleted.`)
    .waitFor();
  await page.getByLabel(/^Type test-vm/).fill('test-vm');
  await button('Delete it').click();
  await page.getByText('Deleted', { exact: true }).first().waitFor();
  expect(guest()).toBeUndefined();
  expect(await button('Delete').count()).toBe(0);
});

test('a machine that somebody deleted behind the back is told so, and leaves the list', async () => {
  const id = await ready('vanished');
  const [guest] = [...double.cluster.guests.values()].filter((one) => one.config.get('name') === 'vanished');
  if (guest !== undefined) double.cluster.guests.delete(guest.vmid);
  await open(`/machines/${id}`, 'vanished');
  await page.getByText('It is not there any more').waitFor();
  for (const name of ['Start', 'Stop']) expect(await button(name).count()).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);
  await button('Delete').click();
  await page.getByLabel(/^Type vanished/).fill('vanished');
  await button('Delete it').click();
  await page.getByText('Deleted', { exact: true }).first().waitFor();
});

test('a machine whose cluster does not answer says why, over which connection, and offers both', async () => {
  const id = await ready('unheard');
  await double.setFault('REFUSED', true);
  await open(`/machines/${id}`, 'unheard');
  await page.getByText('Whether it runs could not be learned').waitFor();
  await page.getByText(/^Asked over pve: .*nothing listens on port/).waitFor();
  await page.getByText('Ready, state unknown').waitFor();
  for (const name of ['Start', 'Stop']) await button(name).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await button('Start').click();
  const finding = page.getByRole('alert').locator('[data-finding=REFUSED]');
  await finding.getByRole('button', { name: 'Copy what to do' }).waitFor();
  await page.getByRole('main').getByRole('link', { name: 'pve', exact: true }).first().click();
  await settled(page, 'pve');
  await double.setFault('REFUSED', false);
  await api('DELETE', `/machines/${id}`);
});

test('a step that fails shows why with what to do, and is tried again', async () => {
  double.failStep('resize', 'the disk caught fire', 9);
  await open('/machines/new', 'New machine');
  await page.getByLabel('Name', { exact: true }).fill('burnt');
  await button('Make the machine').click();
  await settled(page, 'burnt');
  await step('rolled_back', 'failed').waitFor();
  const finding = page.locator('[data-finding]');
  expect(await finding.innerText()).toContain('the disk caught fire');
  await finding.getByRole('button', { name: 'Copy what to do' }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  const failedAt = page.url();
  double.calm();
  await button('Try again').click();
  await step('done', 'done').waitFor();
  expect(page.url()).not.toBe(failedAt);
  await open('/machines?show=jobs', 'Machines');
  expect(await page.getByRole('link', { name: 'burnt' }).count()).toBe(2);
  await page
    .getByRole('row', { name: /the disk caught fire/ })
    .getByText('Failed')
    .waitFor();
  await page.getByText('Machines', { exact: true }).last().click();
  await expect.poll(() => page.getByRole('link', { name: 'burnt' }).count()).toBe(1);
});

test('what the undo could not take away is named, and deleted later', async () => {
  double.failStep('start', 'no', 9);
  double.cutConnection({ method: 'DELETE', path: '/qemu/', when: 'before', times: 99 });
  const id = await ready('stuck');
  await open(`/machines/${id}`, 'stuck');
  await page.getByText(/What the undo could not remove: guest \d+ \(stuck\) on pve/).waitFor();
  double.calm();
  await button('Delete').click();
  await page
    .getByRole('dialog')
    .getByText(/What was left is removed/)
    .waitFor();
  await page.getByLabel(/^Type stuck/).fill('stuck');
  await button('Delete it').click();
  await page.getByText('Deleted', { exact: true }).first().waitFor();
});

test('a job is cancelled in the middle, on a phone', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  // Long enough that nobody's hand is too slow.
  const { cloneMs } = double.cluster.durations;
  Object.assign(double.cluster.durations, { cloneMs: 6000 });
  await open('/machines/new', 'New machine');
  await page.getByLabel('Name', { exact: true }).fill('never');
  await button('Make the machine').click();
  await settled(page, 'never');
  await button('Cancel').click();
  await button('Cancel the job').click();
  await step('cancelled', 'failed').waitFor();
  await page.getByText('Cancelled', { exact: true }).waitFor();
  Object.assign(double.cluster.durations, { cloneMs });
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('templates are looked up, and what they lack comes with its command', async () => {
  await open('/machines/templates', 'Templates');
  await page
    .getByRole('row', { name: /9000 Ubuntu 22\.04/ })
    .getByText('Ready', { exact: true })
    .last()
    .waitFor();
  await double.setFault('NO_CLOUDINIT', true);
  await double.setFault('NO_AGENT', true);
  await open('/machines/templates?connection=pve', 'Templates');
  await page.getByText(/qm set 9000 --ide2 .*:cloudinit/).waitFor();
  await page.getByText('qm set 9000 --agent enabled=1').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await double.setFault('NO_CLOUDINIT', false);
  await double.setFault('NO_AGENT', false);
});

test('strays are shown with where they come from, and removed once their id was typed', async () => {
  await open('/machines', 'Machines');
  await page.getByRole('link', { name: 'Strays' }).click();
  await settled(page, 'Strays');
  await page.getByRole('heading', { name: 'No strays' }).waitFor();
  const [guest] = [...double.cluster.guests.values()].filter(({ config }) => config.get('name') === 'burnt');
  if (guest === undefined) throw new Error('no such guest');
  for (const [vmid, mark] of [
    [700, /tessera-job-[0-9a-z-]+/.exec(guest.config.get('tags') ?? '')?.[0]],
    [701, 'tessera-job-of-another'],
  ] as const)
    double.cluster.guests.set(vmid, {
      ...guest,
      vmid,
      config: new Map([
        ['name', `copy-${vmid}`],
        ['tags', `tessera;${mark}`],
      ]),
      pending: new Map(),
    });
  await button('Search again').click();
  await page.getByRole('row', { name: /copy-701 .*No job of this Tessera made it/ }).waitFor();
  await page.getByRole('row', { name: /copy-700 .*Bears the mark of another machine/ }).waitFor();
  await button('Remove copy-701 (701)').click();
  const dialog = page.getByRole('dialog', { name: 'Remove guest 701 (copy-701)?' });
  await dialog.getByText(/switched off at once and deleted from pve \(pve\), with its disks/).waitFor();
  await dialog.getByText(/another Tessera looks after/).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  expect(await dialog.getByRole('button', { name: 'Remove it' }).isDisabled()).toBe(true);
  await dialog.getByLabel(/^Type 701/).fill('701');
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await page.getByRole('row', { name: /copy-701/ }).waitFor({ state: 'detached' });
  expect([...double.cluster.guests.keys()].filter((vmid) => vmid >= 700 && vmid < 800)).toEqual([700]);
  expect(double.cluster.guests.has(guest.vmid)).toBe(true);

  await button('Remove copy-700 (700)').click();
  double.cluster.guests.delete(700);
  await page.getByLabel(/^Type 700/).fill('700');
  await button('Remove it').click();
  await page.getByRole('alert').getByText('Guest 700 at').waitFor();
  await button('Cancel').click();
  await double.setFault('REFUSED', true);
  await button('Search again').click();
  await page.getByRole('alert').getByText('Not everything could be searched').waitFor();
  await page.getByRole('heading', { name: 'None where it was searched' }).waitFor();
  await double.setFault('REFUSED', false);
});

test('what is not there, or not for one, says so', async () => {
  await open('/machines/no-such', 'No such machine');
  await page.getByText("There is no machine 'no-such'.").waitFor();
  await api('POST', '/roles', { name: 'viewer', description: '', scopes: ['read:machines'] });
  await server.user('viewer', ['viewer']);
  await server.user('nobody');
  const other = await visit(browser);
  await signedIn(other, server, 'viewer');
  await other.page.goto(`${server.url}/machines`);
  await other.page.getByRole('link', { name: 'burnt' }).click();
  await settled(other.page, 'burnt');
  expect(await other.page.getByRole('link', { name: 'Strays' }).count()).toBe(0);
  for (const name of ['Stop', 'Start', 'Delete'])
    expect(await other.page.getByRole('button', { name, exact: true }).count()).toBe(0);
  for (const path of ['/machines/new', '/machines/templates', '/machines/strays']) {
    await other.page.goto(server.url + path);
    await other.page.getByRole('heading', { name: 'Your account may not see this' }).waitFor();
  }
  await signedIn(other, server, 'nobody', PASSWORD);
  await other.page.goto(`${server.url}/machines`);
  await other.page.getByRole('heading', { name: 'Your account may not see this' }).waitFor();
  expect(await other.page.getByRole('navigation').getByRole('link', { name: 'Machines' }).count()).toBe(0);
  await other.context.close();
});
