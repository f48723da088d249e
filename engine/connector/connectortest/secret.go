package connectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"penstock/engine/connector"
)

// nothingHeldIsPrinted prints the connector in every way there is.
func nothingHeldIsPrinted(p *probe) {
	c := p.built()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("built", "connector", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("built", "connector", c)
	text := fmt.Sprintf("%v %+v %#v %s %q %d %x", c, c, c, c, c, c, c) + log.String()
	if b, err := json.Marshal(c); err == nil {
		text += string(b)
	}
	for _, canary := range p.canaries(connector.Instruction{}) {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
			p.errorf("the connector prints a credential when it is printed")
			return
		}
	}
}

// overhear calls f and says what it wrote to the process's own log.
func overhear(f func()) string {
	was := slog.Default()
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4})))
	defer slog.SetDefault(was)
	f()
	return log.String()
}
