// Package sandbox is the test provider: a payout provider with a ledger of its
// own, faults that can be ordered, and accounts that fail by name. It exists
// three times over one core:
//
//   - [Provider] is the core. It reads no clock but the one it was given,
//     draws chance from a seed, starts no goroutine, and so runs in a
//     simulator as well as in a server.
//   - [Server] is a provider of its own behind HTTP, in a process that may be
//     killed. [HTTP] builds the connector that speaks to it.
//   - [InProcess] builds a connector to a Provider in the same process, for a
//     demo and for test mode without a network.
//
// A Provider with a directory appends every change to one file and syncs it
// before it answers, so a killed provider forgets nothing that it said: not a
// transfer, not a settlement or late arrival that is still to come, not a
// fault that was set. Without a directory everything ends with the process.
package sandbox
