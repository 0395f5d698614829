import { findingsFrom } from '../finding.ts';
import { ACCESS_ROWS } from './rows-access.ts';
import { OBJECT_ROWS } from './rows-objects.ts';

export const find = findingsFrom({ ...ACCESS_ROWS, ...OBJECT_ROWS });
