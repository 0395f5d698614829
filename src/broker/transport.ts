import type { Clock } from '../base/clock.ts';
import { atTurnEnd } from '../base/turn.ts';
import type { Verified } from '../tokens/verify.ts';
import { answerHeaders, answerTrailers, switchingHead, withoutEcho } from './answer-headers.ts';
import { type AnswerEvents, type AnswerHead, AnswerParser } from './answer-parser.ts';
import type { ActiveRoute } from './book.ts';
import type { Decision } from './decide.ts';
import type { Ends, Errand, Sending } from './errand.ts';
import type { CallRefusal } from './judge.ts';
import type { Line, LineUser } from './lines.ts';
import type { LiveCall } from './live.ts';
import { type BodyUser, PassingBody, swallow } from './passing-body.ts';
import { reasonText } from './refusal.ts';
import { createScrubber, type Scrubber } from './scrub.ts';
import { joinStreams } from './tunnel.ts';

/** A body no larger than this is sent in one piece with its head. */
const SMALL = 16 * 1024;

/** Requests of one turn of the event loop leave together. */
const depart = atTurnEnd((call: { sendRequest(): void }) => call.sendRequest());
/** So do answers that are whole. */
const leave = atTurnEnd((call: { send(): void }) => call.send());

/**
 * Carries one call to the other system and its answer back, byte for byte, at the pace of the slower side.
 *
 * A class, because one is made for every call: its methods are made once, and it is itself what the line tells of
 * its bytes and the parser of what they mean.
 */
export class Transport<E extends Errand> implements LiveCall, LineUser, AnswerEvents, BodyUser {
  deadline = Number.POSITIVE_INFINITY;
  place = -1;
  private readonly errand: E;
  private readonly sending: Sending;
  private readonly ends: Ends<E>;
  private readonly clock: Clock;
  private line: Line | null = null;
  private parser: AnswerParser | null = null;
  private scrubber: Scrubber | null = null;
  private answer: AnswerHead | null = null;
  /** Headers of an answer whose head is not sent yet. */
  private headers: string[] | null = null;
  /** The body of a small answer that is whole. */
  private whole: Buffer | null = null;
  private tunnelled = false;
  private over = false;
  private sentAll: boolean;
  private retried = false;
  private bytesUp: number;
  private bytesDown = 0;
  /** The body of a caller that is still sending it. */
  private passing: PassingBody | null = null;

  constructor(errand: E, sending: Sending, ends: Ends<E>, clock: Clock) {
    const { body } = sending;
    this.errand = errand;
    this.sending = sending;
    this.ends = ends;
    this.clock = clock;
    this.sentAll = body.kind === 'none' || body.kind === 'whole';
    this.bytesUp = body.kind === 'whole' ? body.bytes.length : 0;
    errand.response.on('close', () => this.cut('the caller went away'));
  }

  get route(): ActiveRoute {
    return this.errand.route;
  }

  get verified(): Verified | null {
    return this.errand.verified;
  }

  get decision(): Decision {
    return this.errand.decision;
  }

  /** Sends the request. */
  start(): void {
    const idle = this.sending.destination.lines.idle();
    if (idle === null) this.dial();
    else this.speak(idle);
  }

  expire(): void {
    if (this.answer === null && this.sentAll) this.fail(TOO_SLOW);
    else this.cut('nothing moved for too long');
  }

  /** Ends both sides at once, so that neither takes half an answer for a whole one. */
  cut(why: string): void {
    if (this.over) return;
    const { tunnel, response } = this.errand;
    this.dropLine();
    this.done(why);
    (tunnel?.socket ?? response.socket ?? response).destroy();
  }

  private touch(): void {
    const { firstByteMs, idleMs } = this.errand.route.record;
    this.deadline = this.clock() + (this.answer === null && this.sentAll ? firstByteMs : idleMs);
  }

  private finish(): void {
    this.over = true;
    this.deadline = Number.POSITIVE_INFINITY;
    this.passing?.stop();
  }

  private done(broken: string | null): void {
    if (this.over) return;
    this.finish();
    this.ends.done(
      this.errand,
      {
        status: this.answer?.status ?? 0,
        bytesDown: this.bytesDown,
        bytesUp: this.bytesUp,
        broken,
      },
      this,
    );
  }

  private dropLine(): void {
    const line = this.line;
    if (line === null) return;
    this.line = null;
    line.user = null;
    line.socket.destroy();
  }

  private fail(refusal: CallRefusal): void {
    if (this.over) return;
    if (this.answer !== null) {
      this.cut(refusal.message);
      return;
    }
    this.dropLine();
    this.finish();
    this.errand.stream?.resume();
    this.ends.failed(this.errand, refusal, this);
  }

  private dial(): void {
    const { destination } = this.sending;
    const { lines, breaker, authority } = destination;
    lines
      .dial()
      .then((dialled) => {
        if (!dialled.ok) {
          breaker.away();
          const slow = dialled.error.code === 'connect_timeout' || dialled.error.code === 'tls_timeout';
          this.fail({
            status: slow ? 504 : 502,
            code: dialled.error.code,
            message: `${dialled.error.message} (${authority})`,
          });
        } else if (this.over) lines.keep(dialled.value);
        else this.speak(dialled.value);
      })
      .catch((error: unknown) =>
        this.fail({
          status: 502,
          code: 'internal',
          message: error instanceof Error ? error.name : 'The call broke off',
        }),
      );
  }

  private speak(line: Line): void {
    const { method, tunnel, continueFirst, response, stream } = this.errand;
    this.line = line;
    this.parser = new AnswerParser(method, tunnel !== null, this);
    line.user = this;
    if (this.sentAll) depart(this);
    else if (stream !== null) {
      this.sendRequest();
      if (continueFirst) response.writeContinue();
      this.passing = new PassingBody(stream, line.socket, this.sending.body.kind === 'chunked', this);
    }
    this.touch();
  }

  /** The request as far as it is at hand. */
  sendRequest(): void {
    if (this.line === null) return;
    const { head, body } = this.sending;
    const { socket } = this.line;
    if (body.kind !== 'whole') {
      socket.write(head, 'latin1');
      return;
    }
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body.bytes);
    socket.uncork();
  }

  bodyMoved(bytes: number): void {
    this.bytesUp += bytes;
    this.touch();
  }

  bodyEnded(): void {
    this.sentAll = true;
    this.touch();
  }

  data(chunk: Buffer): void {
    this.parser?.push(chunk);
    if (this.over) return;
    // Only now is known whether an answer has begun, which decides for how long it may be silent.
    this.touch();
    if (this.headers !== null) this.sendHead();
  }

  drained(): void {
    this.passing?.drained();
  }

  ended(broken: boolean): void {
    if (!broken && this.parser?.finish()) return;
    const { method, tunnel } = this.errand;
    const { body } = this.sending;
    const stale = this.line !== null && this.line.uses > 0 && !this.parser?.begun;
    this.line?.socket.destroy();
    this.line = null;
    if (this.over) return;
    // A server may close an idle connection at the very moment we reuse it. Only then, and only where asking twice
    // is the same as asking once, is the call repeated.
    if (
      stale &&
      !this.retried &&
      (method === 'GET' || method === 'HEAD') &&
      body.kind === 'none' &&
      tunnel === null
    ) {
      this.retried = true;
      this.dial();
    } else if (this.answer === null) this.fail(LOST);
    else this.cut('the other system broke off');
  }

  fault(what: string): void {
    this.fail({
      status: 502,
      code: 'malformed_response',
      message: `The answer cannot be passed on: ${what}`,
    });
  }

  head(came: AnswerHead): void {
    const { tunnel } = this.errand;
    const { destination, rider } = this.sending;
    const seen = withoutEcho(came, rider);
    this.answer = seen;
    if (seen.status === 401 && rider !== null) destination.refused();
    else destination.breaker.worked();
    const headers = answerHeaders(seen);
    if (seen.status === 101 && tunnel !== null && this.line !== null) {
      this.tunnelled = true;
      tunnel.detach();
      tunnel.socket.write(switchingHead(seen, headers), 'latin1');
      return;
    }
    if (rider !== null && seen.body !== 'none' && !seen.coded) this.scrubber = createScrubber(rider.secrets);
    this.headers = headers;
  }

  /** The head alone, where the rest is still to come. */
  private sendHead(): void {
    const { response } = this.errand;
    if (this.answer === null || this.headers === null) return;
    response.writeHead(this.answer.status, reasonText(this.answer.reason), this.headers);
    response.flushHeaders();
    this.headers = null;
  }

  /** A small answer, whole. */
  send(): void {
    const { response } = this.errand;
    const body = this.whole;
    if (this.answer === null || this.headers === null || response.destroyed) return;
    response.writeHead(this.answer.status, reasonText(this.answer.reason), this.headers);
    response.end(body === null ? '' : body.toString('latin1'), 'latin1');
  }

  body(bytes: Buffer, last: boolean): void {
    if (this.over) return;
    const { response } = this.errand;
    this.bytesDown += bytes.length;
    const clean = this.scrubber === null ? bytes : this.scrubber.push(bytes, last);
    if (last && this.headers !== null && clean.length <= SMALL) {
      this.whole = clean;
      return;
    }
    if (this.headers !== null) this.sendHead();
    if (last) response.end(clean, 'latin1');
    else if (clean.length > 0 && !response.write(clean) && this.line !== null) {
      const { socket } = this.line;
      socket.pause();
      response.once('drain', () => void socket.resume());
    }
  }

  end(trailers: readonly string[], rest: Buffer | null): void {
    const answer = this.answer;
    if (this.over || answer === null) return;
    if (this.tunnelled) {
      this.openTunnel(rest);
      return;
    }
    const { response, stream } = this.errand;
    if (this.headers !== null && (this.whole !== null || answer.body === 'none')) leave(this);
    else {
      this.sendHead();
      const held = this.scrubber?.rest();
      if (held !== undefined && held.length > 0) response.write(held);
      if (trailers.length > 0 && answer.body === 'chunked')
        response.addTrailers(answerTrailers(trailers, this.sending.rider));
      if (!response.writableEnded) response.end('', 'latin1');
    }
    const used = this.line;
    this.line = null;
    if (used !== null && answer.keepAlive && this.sentAll && rest === null)
      this.sending.destination.lines.keep(used);
    else if (used !== null) {
      used.user = null;
      used.socket.destroy();
    }
    this.done(null);
    if (stream?.complete === false) swallow(stream);
  }

  private openTunnel(rest: Buffer | null): void {
    const { tunnel } = this.errand;
    const line = this.line;
    if (tunnel === null || line === null) return;
    if (rest !== null) tunnel.socket.write(rest);
    if (tunnel.head.length > 0) line.socket.write(tunnel.head);
    this.bytesDown += rest?.length ?? 0;
    this.bytesUp += tunnel.head.length;
    joinStreams(tunnel.socket, line, {
      moved: (up, down) => {
        this.bytesUp += up;
        this.bytesDown += down;
        this.touch();
      },
      closed: () => {
        this.dropLine();
        this.done(null);
      },
    });
  }
}

const TOO_SLOW: CallRefusal = {
  status: 504,
  code: 'first_byte_timeout',
  message: 'The other system did not answer in time',
};
const LOST: CallRefusal = {
  status: 502,
  code: 'connection_lost',
  message: 'The other system closed the connection without an answer',
};
