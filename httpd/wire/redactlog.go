package wire

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// Redacted wraps h so that no message and no attribute leaves it that Redact
// would change or whose key names a secret. Every logger of the daemon is
// made of it; wrapping twice is the same as once.
func Redacted(h slog.Handler) slog.Handler {
	if r, ok := h.(redacted); ok {
		return r
	}
	return redacted{h}
}

type redacted struct{ next slog.Handler }

func (r redacted) Enabled(ctx context.Context, l slog.Level) bool { return r.next.Enabled(ctx, l) }
func (r redacted) WithGroup(name string) slog.Handler             { return redacted{r.next.WithGroup(name)} }

func (r redacted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return redacted{r.next.WithAttrs(redactAttrs(attrs))}
}

func (r redacted) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, Redact(rec.Message), rec.PC)
	var space [12]slog.Attr
	attrs := space[:0]
	rec.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, redactAttr(a))
		return true
	})
	out.AddAttrs(attrs...)
	return r.next.Handle(ctx, out)
}

func redactAttrs(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = redactAttr(a)
	}
	return out
}

func redactAttr(a slog.Attr) slog.Attr {
	if namesSecret(a.Key) {
		return slog.String(a.Key, "[redacted]")
	}
	return slog.Attr{Key: Redact(a.Key), Value: redactValue(a.Value)}
}

func redactValue(v slog.Value) slog.Value {
	v = v.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Redact(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(redactAttrs(v.Group())...)
	case slog.KindInt64, slog.KindUint64:
		if s := v.String(); Redact(s) != s {
			return slog.StringValue(Redact(s))
		}
		return v
	case slog.KindAny:
		// Bytes are text here: printed as numbers they would slip through.
		if b, ok := v.Any().([]byte); ok {
			return slog.StringValue(Redact(string(b)))
		}
		return slog.StringValue(Redact(fmt.Sprintf("%+v", v.Any())))
	default: // booleans, floats, times, durations
		return v
	}
}

// namesSecret knows the names under which the dialects carry secrets.
func namesSecret(key string) bool {
	switch strings.ToLower(strings.ReplaceAll(key, "-", "_")) {
	case "api_key", "apikey", "authorization", "client_secret", "cookie", "set_cookie", "cvc", "cvv", "card_cvc",
		"card_number", "iban", "k", "pan", "passphrase", "password", "secret", "token", "account_number":
		return true
	}
	return false
}
