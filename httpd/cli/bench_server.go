package cli

import (
	"bytes"
	"errors"
	"strconv"
)

// benchServer is what the measured server says of itself.
type benchServer struct {
	rss, store, cpu float64 // bytes, bytes, seconds
	// seen says that the server publishes its metrics.
	seen bool
}

// Names of the metrics that are read.
const (
	benchMetricRSS   = "process_resident_memory_bytes"
	benchMetricStore = "penstock_store_bytes"
	benchMetricCPU   = "process_cpu_seconds_total"
)

// server reads GET /metrics. A server that doesn't publish them is seen to be
// so, and that is no failure.
func (c *benchClient) server() benchServer {
	var s benchServer
	failure := c.call("GET", "/metrics", "", nil, func(b []byte) error {
		for name, into := range map[string]*float64{benchMetricRSS: &s.rss, benchMetricStore: &s.store, benchMetricCPU: &s.cpu} {
			v, ok := benchMetric(b, name)
			if !ok {
				return errors.New("metrics lack " + name)
			}
			*into = v
		}
		return nil
	})
	s.seen = failure == ""
	return s
}

// benchMetric finds a metric without labels in Prometheus' text format.
func benchMetric(text []byte, name string) (float64, bool) {
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(line, []byte(name+" "))
		if !ok {
			continue
		}
		value, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" ")) // a timestamp may follow
		v, err := strconv.ParseFloat(string(value), 64)
		return v, err == nil
	}
	return 0, false
}
