package offsite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// directory is a place on a disk: one that is mounted from elsewhere, or a
// second one.
type directory string

func (d directory) String() string { return string(d) }

func (d directory) Put(_ context.Context, name string, fill func(io.Writer) error) (n int64, err error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return 0, fmt.Errorf("offsite: %w", err)
	}
	part, final := filepath.Join(string(d), name+partSuffix), filepath.Join(string(d), name)
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("offsite: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err = fill(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Close()); err != nil {
		return 0, errors.Join(fmt.Errorf("offsite: write %s: %w", name, err), os.Remove(part))
	}
	if err := os.Rename(part, final); err != nil {
		return 0, fmt.Errorf("offsite: %w", err)
	}
	dir, err := os.Open(string(d))
	if err != nil {
		return 0, fmt.Errorf("offsite: %w", err)
	}
	return info.Size(), errors.Join(dir.Sync(), dir.Close())
}

func (d directory) Get(_ context.Context, name string, w io.Writer) error {
	if err := checkName(name); err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(string(d), name))
	if err != nil {
		return fmt.Errorf("offsite: %w", err)
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

func (d directory) List(context.Context) (out []string, err error) {
	all, err := os.ReadDir(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("offsite: %w", err)
	}
	if len(all) > MaxCopies {
		return nil, ErrTooMany
	}
	for _, e := range all {
		if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), partSuffix) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

func (d directory) Remove(_ context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(string(d), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("offsite: %w", err)
	}
	return nil
}
