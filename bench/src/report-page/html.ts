/**
 * HTML as text: what is put in is escaped unless it is HTML itself. Called by the sections of the report. Pure.
 * Nothing that comes from a result can become a tag, an attribute or a script.
 */

/** Text that is already HTML. Made by `html` only, or from what this package itself wrote. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type HtmlPart = Html | string | number | readonly Html[] | undefined

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

function textOf(part: HtmlPart): string {
  if (part === undefined) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(({ text }) => text).join('')
  return escaped(String(part))
}

export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.map((text, at) => text + textOf(parts[at])).join(''))
}

/** A script block that holds data. No `<` is left in it, so no `</script>` in the data can end it. */
export function dataBlock(id: string, data: unknown): Html {
  const json = JSON.stringify(data)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
  return new Html(`<script type="application/json" id="${escaped(id)}">${json}</script>`)
}

/** Our own code and styles, in the page itself. */
export function scriptBlock(code: string): Html {
  return new Html(`<script>${code.replaceAll(/<\/(script)/gi, '<\\/$1')}</script>`)
}

export function styleBlock(css: string): Html {
  return new Html(`<style>${css.replaceAll(/<\/(style)/gi, '<\\/$1')}</style>`)
}
