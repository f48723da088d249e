package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"penstock/engine"
	"penstock/engine/egress"
	"penstock/engine/fx"
	"penstock/engine/service"
)

// maxRates bounds what is read of a source of rates.
const maxRates = 16 << 20

// source is where exchange rates are imported from: a file or an address with
// the European Central Bank's reference rates; nil where there is none.
func (r RatesConfig) source(policy *egress.Policy) engine.RateSource {
	switch {
	case r.ECBFile != "":
		return func(context.Context) (fx.Sheet, error) { return readECB(string(r.ECBFile)) }
	case r.ECBURL != "":
		c := egress.Client(egress.Webhooks(policy, egress.Options{}))
		return func(ctx context.Context) (fx.Sheet, error) { return fetchECB(ctx, c, r.ECBURL) }
	}
	return nil
}

func readECB(path string) (fx.Sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return fx.Sheet{}, fmt.Errorf("open the rates: %w", err)
	}
	defer f.Close()
	return fx.ParseECB(io.LimitReader(f, maxRates))
}

func fetchECB(ctx context.Context, c *http.Client, from string) (fx.Sheet, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return fx.Sheet{}, fmt.Errorf("ask for the rates: %w", err)
	}
	resp, err := c.Do(req)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the address, which may bear a key
	}
	if err != nil {
		return fx.Sheet{}, fmt.Errorf("ask for the rates: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fx.Sheet{}, fmt.Errorf("ask for the rates: the source answers %d", resp.StatusCode)
	}
	return fx.ParseECB(io.LimitReader(resp.Body, maxRates))
}

// directory is the built-in one with what the operator's files add.
func (r RoutingConfig) directory() (*service.Directory, error) {
	paths := make([]string, len(r.Directory))
	for i, path := range r.Directory {
		paths[i] = string(path)
	}
	d, err := readDirectory(paths)
	if err != nil {
		return nil, usage(fmt.Errorf("routing.directory: %w", err))
	}
	return d, nil
}

// readDirectory is the built-in directory with what operators' files add. The
// currencies among it are known to the process from then on.
func readDirectory(paths []string) (*service.Directory, error) {
	var files []service.File
	for _, path := range paths {
		data, err := readBounded(path, service.MaxFile, false)
		if err != nil {
			return nil, err
		}
		files = append(files, service.File{Name: path, Data: data})
	}
	return service.Builtin().With(files...)
}
