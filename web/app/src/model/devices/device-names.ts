import type { DeviceOption } from '@eyeline/sdk';

/** The names of devices, by id. Equal ones are numbered: "Webcam (1)", "Webcam (2)". */
export function deviceNames(
  options: readonly DeviceOption[],
  unnamed: (index: number) => string,
): readonly { readonly id: string; readonly name: string }[] {
  const names = options.map(({ label }, index) => label || unnamed(index));
  return options.map(({ id }, index) => {
    const name = names[index] ?? '';
    const same = names.flatMap((each, at) => (each === name ? [at] : []));
    return { id, name: same.length > 1 ? `${name} (${same.indexOf(index) + 1})` : name };
  });
}
