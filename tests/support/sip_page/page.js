// A page of somebody else with an unchanged SIP library. Tests call `phone`, which is the same for both libraries:
//
//   registrations  how often it has registered
//   calls          in order: { state: "calling" | "ringing" | "incoming" | "established" | "ended", status, reason,
//                  held, tones, transferred }
//   texts          received messages
//   call(to, video), answer(n), decline(n, status), hangUp(n), hold(n, on), info(n, tone), tone(n, tone), refer(n, to),
//   referTo(n, other), write(to, text)
import { jsSipPhone } from "./jssip_page.js";
import { sipJsPhone } from "./sipjs_page.js";

const kinds = { jssip: jsSipPhone, "sip.js": sipJsPhone };

globalThis.start = (kind, account) => {
  globalThis.phone = kinds[kind](account);
};
globalThis.loaded = true;
