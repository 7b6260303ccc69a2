import JsSIP from "jssip";
import { show } from "./show.js";

const media = (video) => ({ mediaConstraints: { audio: true, video }, pcConfig: { iceServers: [] } });

export function jsSipPhone({ url, uri, password }) {
  const ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri, password });
  const phone = { registrations: 0, calls: [], texts: [] };
  const sessions = [];

  const track = (session, state) => {
    const call = { state, status: null, reason: "", held: false, tones: "", transferred: null };
    sessions.push(session);
    phone.calls.push(call);
    session.on("progress", ({ originator }) => {
      if (originator === "remote") call.state = "ringing";
    });
    session.on("confirmed", () => {
      call.state = "established";
    });
    const over = ({ message }) => {
      call.state = "ended";
      call.status = message?.status_code ?? null;
      call.reason = message?.getHeader?.("reason") ?? "";
    };
    session.on("ended", over);
    session.on("failed", over);
    session.on("hold", ({ originator }) => {
      if (originator === "remote") call.held = true;
    });
    session.on("unhold", ({ originator }) => {
      if (originator === "remote") call.held = false;
    });
    session.on("newDTMF", ({ originator, dtmf }) => {
      if (originator === "remote") call.tones += dtmf.tone;
    });
    const watch = (connection) => {
      const stream = new MediaStream();
      connection.addEventListener("track", ({ track }) => stream.addTrack(track));
      show(stream);
    };
    if (session.connection) watch(session.connection);
    else session.on("peerconnection", ({ peerconnection }) => watch(peerconnection));
    session.on("refer", ({ accept }) => accept(() => {}, media(true)));
    session.on("replaces", ({ accept }) => accept());
  };

  ua.on("registered", () => {
    phone.registrations += 1;
  });
  ua.on("newRTCSession", ({ originator, session }) => track(session, originator === "remote" ? "incoming" : "calling"));
  ua.on("newMessage", ({ originator, request }) => {
    if (originator === "remote") phone.texts.push(request.body);
  });
  ua.start();

  const refer = (n, to, options = {}) => {
    const end = (state) => () => {
      phone.calls[n].transferred = state;
    };
    const eventHandlers = { accepted: end("done"), failed: end("failed"), requestFailed: end("failed") };
    sessions[n].refer(to, { ...options, eventHandlers });
  };
  return Object.assign(phone, {
    call: (to, video) => void ua.call(to, media(video)),
    answer: (n, video) => sessions[n].answer(media(video)),
    decline: (n, status) => sessions[n].terminate({ status_code: status }),
    hangUp: (n) => sessions[n].terminate(),
    hold: (n, on) => new Promise((done) => (on ? sessions[n].hold({}, done) : sessions[n].unhold({}, done))),
    info: (n, tone) => sessions[n].sendDTMF(tone),
    tone: (n, tone) => sessions[n].sendDTMF(tone, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 }),
    refer,
    referTo: (n, other) => refer(n, sessions[other].remote_identity.uri.toString(), { replaces: sessions[other] }),
    write: (to, text) =>
      new Promise((succeeded, fail) => {
        const failed = ({ response }) => fail(new Error(`not delivered: ${response?.status_code}`));
        ua.sendMessage(to, text, { eventHandlers: { succeeded, failed } });
      }).then(() => true),
  });
}
