//go:build !unix

package egress

// quiet can't look here, so that no connection is used twice.
func (l *line) quiet() bool { return false }
