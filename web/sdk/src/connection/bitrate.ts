/** Bitrate in bit/s of all our video together; each connection gets an equal share. */
const UPLINK_BITS = 4_000_000;

/** Highest bitrate of one camera, in bit/s. */
const PICTURE_BITS = 2_500_000;
/** Highest bitrate of one screen, in bit/s. */
const SCREEN_BITS = 3_000_000;

/** The part of a connection's share that goes to a shared screen: people are small beside it. */
const SCREEN_PART = 0.75;

/** With more connections than this, cameras are sent at half width and height, and screens at half frame rate. */
const FULL_LINKS = 2;

/** Height in pixels of a picture for which a camera may use its highest bitrate. */
const FULL_HEIGHT = 720;

/** Least bitrate of a camera, in bit/s, however small its picture. */
const SMALL_BITS = 100_000;

/** Highest bitrate of a camera whose picture is at most this high, in bit/s. It goes with the area of the picture. */
export function cameraBitrateFor(height: number | null): number {
  if (height === null) return PICTURE_BITS;
  return Math.min(PICTURE_BITS, Math.max(SMALL_BITS, Math.round(PICTURE_BITS * (height / FULL_HEIGHT) ** 2)));
}

/** Upper limits for one connection; bitrates in bit/s. */
export interface BitrateLimits {
  readonly cameraBitrate: number;
  /** Whether the camera is sent at half width and height. */
  readonly halfSize: boolean;
  readonly screenBitrate: number;
  /** Frames per second of the screen. Its resolution is never reduced: text must stay readable. */
  readonly screenFramerate: number;
}

/** A connection's share of the uplink bandwidth, which `connections` of them divide. */
export function bitrateLimits(connections: number, sharing: boolean): BitrateLimits {
  const share = UPLINK_BITS / connections;
  const screenBits = Math.min(SCREEN_BITS, Math.round(share * SCREEN_PART));
  const pictureBits = Math.min(PICTURE_BITS, Math.round(sharing ? share - screenBits : share));
  const many = connections > FULL_LINKS;
  return {
    cameraBitrate: pictureBits,
    halfSize: many || sharing,
    screenBitrate: screenBits,
    screenFramerate: many ? 15 : 30,
  };
}
