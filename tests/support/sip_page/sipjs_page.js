import { Inviter, Messager, Registerer, SessionState, SIPExtension, UserAgent } from "sip.js";
import { show } from "./show.js";

/** Milliseconds between two attempts to connect: SIP.js leaves it to the page. */
const retry = 500;

const states = { [SessionState.Established]: "established", [SessionState.Terminated]: "ended" };
const media = (video) => ({ sessionDescriptionHandlerOptions: { constraints: { audio: true, video } } });

export function sipJsPhone({ url, uri, user, password }) {
  const phone = { registrations: 0, calls: [], texts: [] };
  const sessions = [];

  const track = (session, state, { outgoing }) => {
    const call = { state, status: null, reason: "", held: false, tones: "", transferred: null };
    sessions.push(session);
    phone.calls.push(call);
    session.stateChange.addListener((changed) => {
      call.state = states[changed] ?? call.state;
    });
    session.delegate = {
      onCancel: ({ request }) => {
        call.reason = request.getHeader("reason") ?? "";
      },
      onInfo: (info) => {
        call.tones += /Signal *= *(\S)/.exec(info.request.body)?.[1] ?? "";
        info.accept();
      },
      onInvite: (request) => {
        call.held = /a=(sendonly|inactive)/.test(request.body);
      },
      onSessionDescriptionHandler: ({ remoteMediaStream }) => show(remoteMediaStream),
      onRefer: async (referral) => {
        await referral.accept();
        invite(referral.makeInviter(media(true)));
      },
    };
    return outgoing ? call : null;
  };
  const invite = (inviter) => {
    const call = track(inviter, "calling", { outgoing: true });
    void inviter.invite({
      requestDelegate: {
        onProgress: ({ message }) => {
          if (message.statusCode > 100 && call.state === "calling") call.state = "ringing";
        },
        onReject: ({ message }) => {
          call.status = message.statusCode;
        },
      },
    });
  };

  const agent = new UserAgent({
    uri: UserAgent.makeURI(uri),
    transportOptions: { server: url },
    authorizationUsername: user,
    authorizationPassword: password,
    sipExtensionReplaces: SIPExtension.Supported,
    logLevel: "error",
    delegate: {
      onConnect: () => {
        const accepted = () => {
          phone.registrations += 1;
        };
        registerer.register({ requestDelegate: { onAccept: accepted } });
      },
      onDisconnect: (error) => error && reconnect(),
      onInvite: (invitation) => track(invitation, "incoming", { outgoing: false }),
      onMessage: (message) => {
        phone.texts.push(message.request.body);
        message.accept();
      },
    },
  });
  const registerer = new Registerer(agent);
  const reconnect = () => agent.reconnect().catch(() => setTimeout(reconnect, retry));
  void agent.start();

  const refer = (n, to) => {
    const onNotify = (notification) => {
      const status = Number(/^SIP\/2\.0 (\d+)/.exec(notification.request.body)?.[1]);
      notification.accept();
      if (status >= 200) phone.calls[n].transferred = status < 300 ? "done" : "failed";
    };
    return sessions[n].refer(to, { onNotify });
  };
  const hangUp = (n) => {
    const session = sessions[n];
    if (session.state === SessionState.Established) return session.bye();
    return session instanceof Inviter ? session.cancel() : session.reject();
  };
  const info = (n, tone) => {
    const body = { contentType: "application/dtmf-relay", content: `Signal=${tone}\r\nDuration=100` };
    return sessions[n].info({ requestOptions: { body: { contentDisposition: "render", ...body } } });
  };
  const hold = (n, on) =>
    new Promise((done, fail) => {
      const sessionDescriptionHandlerOptions = { ...media(true).sessionDescriptionHandlerOptions, hold: on };
      sessions[n].sessionDescriptionHandlerOptionsReInvite = sessionDescriptionHandlerOptions;
      const onReject = ({ message }) => fail(new Error(`refused: ${message.statusCode}`));
      sessions[n].invite({ requestDelegate: { onAccept: done, onReject } });
    }).then(() => true);
  const write = (to, text) =>
    new Promise((done, fail) => {
      const onReject = ({ message }) => fail(new Error(`not delivered: ${message.statusCode}`));
      new Messager(agent, UserAgent.makeURI(to), text).message({ requestDelegate: { onAccept: done, onReject } });
    }).then(() => true);
  return Object.assign(phone, {
    call: (to, video) => invite(new Inviter(agent, UserAgent.makeURI(to), media(video))),
    answer: (n, video) => void sessions[n].accept(media(video)),
    decline: (n, status) => void sessions[n].reject({ statusCode: status }),
    hangUp: (n) => void hangUp(n),
    hold,
    info: (n, tone) => void info(n, tone),
    tone: (n, tone) => sessions[n].sessionDescriptionHandler.sendDtmf(tone),
    refer: (n, to) => void refer(n, UserAgent.makeURI(to)),
    referTo: (n, other) => void refer(n, sessions[other]),
    write,
  });
}
