// Package money holds the only two types in which penstock speaks of money:
// Currency, a row of ISO 4217 or one that the operator added, and Amount, a
// whole number of minor units of one currency. Arithmetic is checked, mixing
// currencies is an error, and there is no way in or out through a float.
//
// Decisions, once for all who read amounts:
//
//   - A decimal is ASCII digits, with a dot and more digits where the currency
//     has a minor unit. No sign, exponent, blank, comma or grouping; digits of
//     other scripts are refused.
//   - More decimals than the currency has are refused, trailing zeros too:
//     "12.500" is not an amount of EUR and "10.0" is none of JPY. Fewer are
//     fine: "12.5" is 12.50.
//   - Leading zeros are accepted ("007" is 7), within 19 digits before the
//     dot; whoever compares two requests must compare the Amounts, not the
//     texts.
//   - Zero is an amount. Negative amounts exist (a ledger posts them), but
//     Parse never makes one.
//   - The zero Amount is nothing in no currency: JSON null, neutral in Add and
//     Sub, comparable with nothing but itself.
//
// The package keeps nothing but the codes that were added, so there is nothing to hold after a crash; the
// JSON of an Amount is what other packages store.
package money
