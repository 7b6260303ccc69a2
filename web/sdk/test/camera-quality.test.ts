import { expect, test } from 'vitest';
import { CameraQuality, type CameraSent } from '../src/connection/camera-quality';

/** A camera that sends 100 packets a second. */
class Sender {
  readonly quality = new CameraQuality();
  #sent: CameraSent;
  #now = 5000;

  constructor(hasTarget = false) {
    this.#sent = { frames: 0, packets: 0, packetsLost: 0, roundTripMs: null, hasTarget };
    this.quality.update(this.#sent, this.#now);
  }

  /** Reads the statistics again at the same moment, with that share of new packets lost. */
  readAgain(loss: number): boolean {
    const { packets, packetsLost } = this.#sent;
    return this.quality.update(
      { ...this.#sent, packets: packets + 100, packetsLost: packetsLost + 100 * loss },
      this.#now,
    );
  }

  /** Sends for so many seconds; returns whether something changed in the last one. */
  send(seconds: number, { fps = 30, loss = 0, roundTripMs = 0, pps = 100 } = {}): boolean {
    let changed = false;
    for (let second = 0; second < seconds; second += 1) {
      const { frames, packets, packetsLost, hasTarget } = this.#sent;
      this.#sent = {
        frames: frames + fps,
        packets: packets + pps,
        packetsLost: packetsLost + pps * loss,
        roundTripMs,
        hasTarget,
      };
      this.#now += 1000;
      changed = this.quality.update(this.#sent, this.#now);
    }
    return changed;
  }
}

test('the picture keeps its size for the first 20 seconds', () => {
  const sender = new Sender(true);
  sender.send(19);
  expect(sender.quality.preference).toBe('maintain-resolution');
  expect(sender.send(1)).toBe(true);
  expect(sender.quality.preference).toBeNull();
  expect(sender.send(1)).toBe(false);
});

test('where every change interrupts the call, nothing changes while all is well', () => {
  const sender = new Sender();
  sender.send(60);
  expect(sender.quality.preference).toBe('maintain-resolution');
});

test('the picture may shrink once there are fewer than 10 frames a second for two seconds', () => {
  const sender = new Sender();
  sender.send(1, { fps: 9 });
  sender.send(1, { fps: 10 });
  sender.send(1, { fps: 9 });
  expect(sender.quality.preference).toBe('maintain-resolution');
  sender.send(1, { fps: 9 });
  expect(sender.quality.preference).toBeNull();
});

test('a camera that is off is not slow', () => {
  const sender = new Sender();
  sender.send(5, { fps: 0 });
  expect(sender.quality.preference).toBe('maintain-resolution');
});

test('a camera that is off is not congested, however slow the line is', () => {
  const sender = new Sender();
  sender.send(10, { roundTripMs: 40 });
  sender.send(5, { fps: 0, pps: 0, roundTripMs: 900 });
  expect(sender.quality.divisor).toBe(1);
});

test('two measurements of the same moment count once', () => {
  const sender = new Sender();
  sender.send(10);
  sender.send(1, { loss: 0.2 });
  expect(sender.readAgain(0.2)).toBe(false);
  expect(sender.quality.divisor).toBe(1);
});

test('a line that loses more than a tenth for two seconds gets a smaller picture with a lower bitrate', () => {
  const sender = new Sender();
  sender.send(10);
  expect(sender.send(1, { loss: 0.2 })).toBe(false);
  expect(sender.quality.divisor).toBe(1);
  expect(sender.quality.bitrate).toBe(Number.POSITIVE_INFINITY);
  expect(sender.send(1, { loss: 0.2 })).toBe(true);
  expect(sender.quality.divisor).toBe(2);
  expect(sender.quality.bitrate).toBeLessThan(500_000);
});

test('a line whose queue fills up counts as congested before it loses anything', () => {
  const sender = new Sender();
  sender.send(10, { roundTripMs: 40 });
  sender.send(5, { roundTripMs: 190 });
  expect(sender.quality.divisor).toBe(1);
  sender.send(2, { roundTripMs: 191 });
  expect(sender.quality.divisor).toBe(2);
});

test('just after the start one bad second is enough', () => {
  const sender = new Sender();
  sender.send(1, { roundTripMs: 10 });
  expect(sender.send(1, { roundTripMs: 170 })).toBe(true);
  expect(sender.quality.divisor).toBe(2);
});

test('loss that is reported right after a step down is about what was sent before it', () => {
  const sender = new Sender();
  sender.send(1, { loss: 0.5 });
  sender.send(7, { loss: 0.5 });
  expect(sender.quality.divisor).toBe(4);
  sender.send(60, { loss: 0.5 });
  expect(sender.quality.divisor).toBe(4);
});

test('a tenth of loss, or later a single bad second, changes nothing', () => {
  const sender = new Sender();
  sender.send(10, { loss: 0.1 });
  for (let round = 0; round < 5; round += 1) {
    sender.send(1, { loss: 0.5 });
    sender.send(1);
  }
  expect(sender.quality.divisor).toBe(1);
});

test('after a while without loss the picture is larger again, and each failed try doubles the wait', () => {
  const sender = new Sender();
  sender.send(12);
  sender.send(2, { loss: 0.5 });
  expect(sender.send(36)).toBe(true);
  expect(sender.quality.divisor).toBe(1);
  expect(sender.send(1, { loss: 0.5 })).toBe(true);
  sender.send(65);
  expect(sender.quality.divisor).toBe(2);
  sender.send(1);
  expect(sender.quality.divisor).toBe(1);
});

test('loss above three percent delays the larger picture', () => {
  const sender = new Sender();
  sender.send(2, { loss: 0.5 });
  sender.send(60, { loss: 0.05 });
  expect(sender.quality.divisor).toBe(2);
});

test('a browser that reports a target bitrate adapts to congestion by itself', () => {
  const sender = new Sender(true);
  sender.send(10, { loss: 0.5 });
  expect(sender.quality.divisor).toBe(1);
});
