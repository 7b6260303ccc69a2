import { AudioLines, EyeOff, Keyboard, Leaf, Maximize, Phone, PictureInPicture2, UserPlus } from 'lucide';
import type { RefObject } from 'preact';
import { useCallback } from 'preact/hooks';
import type { Call } from '../../model/call';
import { dataSaverWords } from '../../strings/data-saver';
import { phoneWords } from '../../strings/phones';
import { words } from '../../strings/strings';
import { viewWords } from '../../strings/view';
import { DeviceItems } from '../devices/device-items';
import { Menu, MenuCheck, MenuItem } from '../ui/menu';

interface Props {
  readonly call: Call;
  readonly anchor: RefObject<HTMLElement | null>;
}

/** What has no button of its own in the bar. */
export function MoreMenu({ call, anchor }: Props) {
  const close = useCallback(() => {
    if (call.menu.peek() === 'more') call.openMenu(null); // it may have opened another
  }, [call]);
  const view = call.lazy.view.value;
  if (view === null) return null;
  const { fullScreen, pictureInPicture, dataSaver } = view;
  return (
    <Menu label={words.bar.more} anchor={anchor} onClose={close}>
      <MenuItem narrow icon={UserPlus} words={words.bar.invite} shortcut="i" onChoose={() => void call.invite()} />
      {call.lazy.phones.value?.offered.value === true && (
        <MenuItem icon={Phone} words={phoneWords.call} onChoose={() => call.lazy.phones.peek()?.show()} />
      )}
      <DeviceItems call={call} />
      {pictureInPicture.possible.value && (
        <MenuCheck
          icon={PictureInPicture2}
          words={viewWords.pictureInPicture}
          shortcut="o"
          checked={pictureInPicture.open.value}
          onChoose={() => void pictureInPicture.toggle()}
        />
      )}
      {fullScreen !== null && (
        <MenuCheck
          icon={Maximize}
          words={viewWords.fullScreen}
          shortcut="z"
          checked={fullScreen.on.value}
          onChoose={() => view.toggleFullScreen()}
        />
      )}
      <MenuCheck
        icon={EyeOff}
        words={viewWords.hideSelf}
        shortcut="h"
        checked={!call.stage.selfView.value}
        onChoose={() => view.toggleSelfView()}
      />
      <MenuCheck
        icon={Leaf}
        words={dataSaverWords.saver}
        checked={dataSaver.mode.value === 'saver'}
        onChoose={() => void dataSaver.toggle('saver')}
      />
      <MenuCheck
        icon={AudioLines}
        words={dataSaverWords.audio}
        checked={dataSaver.mode.value === 'audio'}
        onChoose={() => void dataSaver.toggle('audio')}
      />
      <MenuItem icon={Keyboard} words={viewWords.shortcuts} shortcut="?" onChoose={() => view.listShortcuts(true)} />
    </Menu>
  );
}
