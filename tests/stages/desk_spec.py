"""A spec that uses most of the language, for the tests of `resolve`."""

DESK = """\
version: 1
description: The desk of a library.
random_state: 7
task:
  instructions: {path: desk/system.md}
  expected: [lend, refuse, ask]
  checks: {no_new_pii: , max_chars: 900, no_string: [password]}
  rubric:
    kind: Is it friendly?
    short: {question: "Is it short?", required: false}
  facts:
    days_late: {range: [0, 60], limit: 14}
    card: {pattern: "[0-9]{6}"}
    member: {values: {adult: [adult, grown-up], child: [child, kid]}}
  languages: [en, de]
  key_terms:
    loan: [loan, borrow]
    fee: [fee, fine]
sources:
  production:
    fields: {id: row, input: text, expected: label, metadata: {topic: reason, channel: channel}}
    verified_by: desk
    pii: {mode: redact, keep: [date]}
    sample: {size: 90, by: [expected, topic], allocate: equal}
  golden: {verified_by: head}
  training: {generated_by: openai/gpt-4o}
axes:
  topic:
    renew: {description: "Wants to keep a book.", expected: lend}
    late:
      description: Brings it back late.
      facts: {days_late: [15, 60]}
      expected: refuse
      track: edge
    lost: Cannot find it.
  reader: [pupil, teacher]
personas:
  shouter: {description: "Writes in capitals.", style: {casing: upper, length: short}}
models:
  desk: {model: anthropic/claude-sonnet-4-20250514}
  writer: {model: builtin/grammar, grammar: desk/grammar.yaml}
  judge: {model: mistral/mistral-large-2411, temperature: 0}
roles: {subject: desk, generator: {writer: 2}, jury: judge}
pools:
  seed: {from: production}
  prompted:
    axes: [topic, reader]
    exclude: [{topic: lost, reader: pupil}]
    cells: [{where: {topic: late, reader: teacher}, expected: ask, per_cell: 9}]
  persona: {axes: [topic, language], personas: [shouter], exemplars: 0}
  mutation:
    where: {topic: [renew, late]}
    operators:
      typo: {rate: 0.1}
      drift:
      phone: {kind: [lowercase, no_punctuation], exclude: [{language: de}]}
  redteam: {attacks: {override: 9, nice: {kind: impersonate}}, rotate_after: 90d}
  tried: {kind: mutation, operators: [filler], trial: true}
screen: {near_duplicate: 0.9}
review: {require: {mutation: 0.2}, guidelines: desk/guidelines.md}
mix:
  size: 120
  shares: {seed: 0.4, golden: 0.1, prompted: 0.1, persona: 0.1, mutation: 0.2, redteam: 0.1}
gates:
  entropy: {of: loan, within: 0.2}
  pupils: {measure: cases, where: {reader: pupil}, min: 3}
  coverage: {of: production, min: 0.8}
waivers:
  - {gate: seeds, reason: "The first month.", until: "2026-12-31"}
budget: {usd: 5, hours: 9}
"""
