/** Bits a second that our pictures may take on all links together; each gets an equal share. */
const UPLINK_BITS = 4_000_000;

/** Bits a second that one picture may take at most, */
const PICTURE_BITS = 2_500_000;
/** and one screen. */
const SCREEN_BITS = 3_000_000;

/** The part of a link's share that goes to a screen while one is shown: people are small beside it. */
const SCREEN_PART = 0.75;

/** With more links than this each picture is sent at half its width and height, and screens at half their rate. */
const FULL_LINKS = 2;

/** What one link may send. Bits are a second, at most. */
export interface BitrateLimits {
  readonly cameraBitrate: number;
  /** Whether the picture has half its width and height. */
  readonly halfSize: boolean;
  readonly screenBitrate: number;
  /** Of the screen, a second. It is never made smaller: what is on it is to be read. */
  readonly screenFramerate: number;
}

/** A link's part of the uplink, one of `links` that send the same. */
export function bitrateLimits(links: number, sharing: boolean): BitrateLimits {
  const share = UPLINK_BITS / links;
  const screenBits = Math.min(SCREEN_BITS, Math.round(share * SCREEN_PART));
  const pictureBits = Math.min(PICTURE_BITS, Math.round(sharing ? share - screenBits : share));
  const many = links > FULL_LINKS;
  return {
    cameraBitrate: pictureBits,
    halfSize: many || sharing,
    screenBitrate: screenBits,
    screenFramerate: many ? 15 : 30,
  };
}
