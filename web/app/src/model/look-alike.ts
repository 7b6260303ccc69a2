import { shownName } from './name';

/** Cyrillic and Greek letters that look like the Latin ones below them. */
const otherScripts = 'АВЕКМНОРСТУХІЈЅԚԜаеорсухіјѕһԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορυ';
const latin = 'ABEKMHOPCTYXIJSQWaeopcyxijshqwlABEZHIKMNOPTYXayikvopu';

/** Whether people would take two names for the same. */
export function alike(one: string, other: string): boolean {
  const [visibleOne, visibleOther] = [visible(one), visible(other)];
  return visibleOne.toLowerCase() === visibleOther.toLowerCase() || shape(visibleOne) === shape(visibleOther);
}

/** The name to show for each of these people, by id: whose name looks like that of somebody before has a number too. */
export function shownNames(people: readonly { readonly id: string; readonly name: string }[]): Map<string, string> {
  return new Map(
    people.map(({ id, name }, at) => {
      const before = people.slice(0, at).filter((one) => alike(one.name, name)).length;
      return [id, shownName(name) + (before === 0 ? '' : ` (${before + 1})`)];
    }),
  );
}

/** Without invisible characters, and with one way to write each of the others. */
function visible(name: string): string {
  const seen = name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return seen.replace(/[\s\u2800]+/g, ' ').trim();
}

/** The same for letters that the eye can't tell apart, as the skeletons of UTS #39 are. */
function shape(visible: string): string {
  const lower = visible
    .replace(/[^\0-\u02ff]/g, (letter) => latin[otherScripts.indexOf(letter)] ?? letter)
    .toLowerCase();
  return lower.replace(/[1i|]/g, 'l').replace(/0/g, 'o').replace(/rn/g, 'm');
}
