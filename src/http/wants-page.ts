import type { IncomingHttpHeaders } from 'node:http';

/** Whether a person looks at the answer: browsers name HTML when they go to an address, programs do not. */
export const wantsPage = ({ accept = '' }: IncomingHttpHeaders): boolean => accept.includes('text/html');
