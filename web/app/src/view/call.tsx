import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../model/call';
import { words } from '../strings/strings';
import { ControlBar } from './control-bar';
import { useDropAndPaste } from './files/drop-and-paste';
import { usePanels } from './lazy-panels';
import { NoticesView } from './notices';
import { useFirstPicture } from './stage/first-picture';
import { StageView } from './stage/stage';
import { useBack } from './ui/back';
import { useKeys } from './ui/keys';
import { useWakingTap } from './waking-tap';

export function CallView({ call }: { readonly call: Call }) {
  const buttons = {
    chat: useRef<HTMLButtonElement>(null),
    files: useRef<HTMLButtonElement>(null),
    people: useRef<HTMLButtonElement>(null),
  };
  const main = useRef<HTMLElement>(null);
  const panel = call.panel.value;
  const rest = useFirstPicture(main, call.alone.value);
  useEffect(() => main.current?.focus({ preventScroll: true }), []);
  const close = () => {
    call.showPanel(null);
    call.controls.stir();
    if (panel !== null) (buttons[panel].current ?? main.current)?.focus();
  };
  const knocked = call.people.knocking.value.length > 0;
  const sharing = call.screens.sharing.value;
  const dragging = useDropAndPaste(call);
  const leaving = call.leaving.asked.value;
  const panels = usePanels(
    panel !== null || knocked || sharing || dragging !== null || leaving || call.menu.value !== null,
  );
  useBack(call, panel !== null, close);
  useBack(call, call.menu.value !== null, () => call.openMenu(null));
  useEffect(() => {
    if (panels === null) return;
    call.lazy.bring(panels);
    call.stage.bringStrip(panels.stripLayout);
    call.lazy.bringVerificationOffer(panels.offerVerification);
  }, [call, panels]);
  const chat = call.lazy.chat.value;
  const files = call.lazy.files.value;
  const attention = call.lazy.attention.value;
  useKeys((key) => {
    if (key !== 'escape') return call.press(key);
    if (call.connectionShown.peek() !== null) call.showConnection(null);
    else if (call.sharing.peek()) call.sharing.value = false;
    else if (call.menu.peek() !== null) call.openMenu(null);
    else if (panel !== null) close();
    else if (call.lazy.view.peek()?.listsShortcuts.peek() === true) call.lazy.view.peek()?.listShortcuts(false);
    else return false;
    return true;
  });
  const wakingTap = useWakingTap(call.controls);
  const stir = () => call.controls.stir();
  const unsilence = () => call.unsilence();
  return (
    <main
      ref={main}
      tabIndex={-1}
      class="call"
      data-quiet={!call.controls.shown.value}
      data-chat={panel !== null}
      data-alone={call.alone.value}
      data-pair={call.stage.layout.value.pair}
      data-split={call.stage.layout.value.split}
      data-sharing={sharing}
      data-away={call.absence.value !== null || call.warnings.value.length > 0 || call.timeLimit.words.value !== null}
      {...wakingTap}
      onPointerMove={stir}
      onPointerDown={stir}
      onPointerUp={unsilence}
      onKeyDown={unsilence}
    >
      <h1 class="unseen">
        {call.alone.value ? words.alone.heading : words.list(call.others.value.map((one) => one.name))}
      </h1>
      <StageView call={call} rest={rest} />
      {panels !== null && <panels.SharingBanner call={call} />}
      {panels !== null && <panels.FocusKept />}
      {panels !== null && <panels.KeyboardRoom call={main} />}
      {panels !== null && <panels.Shortcuts call={call} />}
      {panels !== null && <panels.PictureInPictureView call={call} />}
      {rest && (
        <NoticesView call={call}>
          {panels !== null && chat !== null && attention !== null && panel !== 'chat' && (
            <panels.MessageToastView call={call} chat={chat} attention={attention} />
          )}
        </NoticesView>
      )}
      {rest && <ControlBar call={call} buttons={buttons} />}
      {panels !== null && <panels.DeviceDialog call={call} />}
      {panels !== null && <panels.PhoneDialog call={call} />}
      {panels !== null && chat !== null && panel === 'chat' && (
        <panels.ChatPanel call={call} chat={chat} onClose={close} />
      )}
      {panels !== null && files !== null && panel === 'files' && (
        <panels.FilesPanel call={call} files={files} onClose={close} />
      )}
      {panels !== null && panel === 'people' && <panels.PeoplePanel call={call} onClose={close} />}
      {panels !== null && <panels.Floods call={call} />}
      {panels !== null && <panels.ScreenViewer call={call} />}
      {panels !== null && leaving && <panels.LeaveDialog call={call} />}
      {panels !== null && panel === null && (
        <>
          {files !== null && <panels.Asks call={call} files={files} />}
          <panels.Knocks call={call} />
        </>
      )}
      {panels !== null && files !== null && dragging !== null && (
        <panels.DropTarget call={call} files={files} dragging={dragging} />
      )}
    </main>
  );
}
