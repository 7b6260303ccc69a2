"""What a screen reader finds on a page, and the rules of WCAG that a program can check."""

from typing import Any, Final

from tests.support.browser import Page
from tests.support.server import ROOT

AXE: Final = ROOT / "web/node_modules/axe-core/axe.min.js"

_OUTLINE: Final = r"""() => {
  const named = new Set(['button', 'link', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'img', 'image',
    'heading', 'meter', 'progressbar', 'textbox', 'combobox', 'radio', 'checkbox', 'term']);
  const passed = new Set(['', 'none', 'generic', 'presentation', 'LabelText', 'Video', 'Canvas']);
  const states = ['expanded', 'pressed', 'checked', 'disabled', 'invalid', 'busy', 'live', 'haspopup'];
  const clean = (text) => text.replace(/\s+/g, ' ').replace(/\d?\d:\d\d( ?[AP]M)?/g, '00:00')
    .replace(/^\d+(\.\d)? m?s$/, '0 ms').trim();
  const stateOf = (element) => states.flatMap((state) => {
    const value = element.getAttribute(`aria-${state}`);
    const said = value !== null && (value !== 'false' || ['expanded', 'pressed', 'checked'].includes(state));
    return said ? [`${state}=${value}`] : [];
  }).concat(element.matches('input:checked') ? ['checked'] : [], element.matches(':disabled') ? ['disabled'] : [],
    element === document.activeElement ? ['focused'] : []);
  // An element without a box of its own (display: contents) counts as not visible, but what is in it is.
  const isVisible = (element) => getComputedStyle(element).display === 'contents' || element.checkVisibility();
  const lines = [];
  const read = (node, depth) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = clean(node.data);
      if (text !== '') lines.push('  '.repeat(depth) + text);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.ariaHidden === 'true' || !isVisible(node)) return;
    const role = node.computedRole;
    if (passed.has(role)) {
      for (const child of node.childNodes) read(child, depth);
      return;
    }
    const name = clean(node.computedName);
    const about = clean(node.ariaDescription ?? '');
    const words = [role, name && `"${name}"`, about && `(${about})`, ...stateOf(node)].filter(Boolean);
    lines.push('  '.repeat(depth) + words.join(' '));
    if (!named.has(role)) for (const child of node.childNodes) read(child, depth + 1);
  };
  read(document.querySelector('#app'), 0);
  return lines.join('\n') + '\n';
}"""
_VIOLATIONS: Final = """async () => {
  const {violations} = await axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice', 'experimental'],
    resultTypes: ['violations'],
  });
  return violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 200)).join(' | ')}`);
}"""


def outline(page: Page) -> str:
    """What a screen reader finds: a line for each role with its name and states, and for each text.

    Times are 00:00, and what was measured is 0 ms.
    """
    read: str = page.evaluate(_OUTLINE)
    return read


def violations(page: Page) -> list[str]:
    """The rules of axe-core that the page breaks, with the elements.  It must have been opened with `AXE` as script."""
    found: list[Any] = page.evaluate(_VIOLATIONS, deadline=30)
    return [str(each) for each in found]
