/** The bench's command line: what is mistyped is told before anything is measured. */
import { NetError } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { type CommandName, checkArguments, isCommand, problemText } from '../src/command-line.ts'

const check = (command: CommandName, line: string) => () => checkArguments(command, line === '' ? [] : line.split(' '))

describe('the command line of the bench', () => {
  it('takes what the commands know, written in either way', () => {
    expect(check('quality', '--grid small --json --seed=3 --out a.json')).not.toThrow()
    expect(check('latency', '--grid small --seconds 10 --no-real --json')).not.toThrow()
    expect(check('report', 'a.json b.json --html out.html --date today')).not.toThrow()
    expect(check('train', 'game.ts prior.ts PRIOR')).not.toThrow()
    expect(check('size', '')).not.toThrow()
  })

  it('refuses an option that nobody reads, rather than measure something else for minutes', () => {
    expect(check('quality', '--second 10')).toThrow('has no option --second')
    expect(check('quality', '--json=1')).toThrow('has no option --json=1')
    expect(check('size', '--grid small')).toThrow('has no option --grid')
    expect(check('latency', 'small')).toThrow('does not know what "small" is for')
    expect(check('report', 'a.json b.json c.json')).toThrow('"c.json"')
  })

  it('refuses an option without its value', () => {
    expect(check('quality', '--seconds')).toThrow('lacks a value after --seconds')
    expect(check('quality', '--out --json')).toThrow('lacks a value after --out')
  })

  it('has no command that only objects have', () => {
    expect(isCommand('quality')).toBe(true)
    expect(isCommand('toString')).toBe(false)
  })

  it('tells a mistake in one line, and a bug with its stack', () => {
    expect(problemText(new NetError('BAD_ARGUMENT', 'this is wrong.', 'Do that.'))).toBe('this is wrong. Do that.')
    expect(problemText(new Error('--grid x: give full or small.'))).toBe('--grid x: give full or small.')
    expect(problemText(new TypeError('x is undefined'))).toContain('command-line.test.ts')
  })
})
