package connector

import (
	"fmt"
	"log/slog"
)

// Mute is embedded in a connector, which holds credentials: every way to print
// it says "[connector]". A method of a field is not enough, since fmt reads
// through unexported fields.
type Mute struct{}

func (Mute) String() string             { return "[connector]" }
func (Mute) GoString() string           { return "[connector]" }
func (Mute) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("[connector]")) }
func (Mute) LogValue() slog.Value       { return slog.StringValue("[connector]") }
