import { Tessera } from '../../src/client/tessera.ts';
import { patientFetch } from './session-end.ts';

/** The one client of all pages. Who is signed in travels as a cookie that no script can read. */
export const tessera = new Tessera({ url: '', fetch: patientFetch });
