package iso20022

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// place is where files are exchanged with the bank.
type place interface {
	// put makes a file. It calls placing once all of it is there under another
	// name, and only then gives it its own. A name that is there already is an
	// error, and stays as it is.
	put(ctx context.Context, name string, text []byte, placing func() error) error
	// has says whether a file is there, and whether it is there under the name
	// that it is made under.
	has(ctx context.Context, name string) (final, part bool, err error)
	// drop takes away what was made and has not got its name.
	drop(ctx context.Context, name string) error
	// list is the names and sizes of the bank's files, in order.
	list(ctx context.Context) ([]inFile, error)
	read(ctx context.Context, name string) ([]byte, error)
	close()
}

type inFile struct {
	name string
	size int64
}

const (
	partSuffix = ".part"
	maxFiles   = 100_000 // of the bank's, in one directory
)

// folder exchanges by two directories of this machine, which something else
// carries to the bank and back.
type folder struct {
	out, in string
	steps   steps
}

func (f folder) put(ctx context.Context, name string, text []byte, placing func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	final, part := filepath.Join(f.out, name), filepath.Join(f.out, "."+name+partSuffix)
	if err := f.steps.next(); err != nil {
		return err
	}
	if err := putFile(part, text); err != nil {
		return err
	}
	if err := placing(); err != nil {
		return err
	}
	if err := errors.Join(ctx.Err(), f.steps.next()); err != nil {
		return err
	}
	if err := os.Link(part, final); err != nil { // unlike a rename, it puts nothing in another's place
		return fmt.Errorf("name the file: %w", quietLink(err))
	}
	if err := f.steps.next(); err != nil {
		return err
	}
	if err := os.Remove(part); err != nil {
		return fmt.Errorf("name the file: %w", quiet(err))
	}
	return syncDir(f.out)
}

func quietLink(err error) error {
	var at *os.LinkError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", at.Op, at.Err)
	}
	return err
}

func (f folder) has(_ context.Context, name string) (final, part bool, err error) {
	if final, err = exists(filepath.Join(f.out, name)); err != nil {
		return false, false, err
	}
	if final { // and stays there when the power goes
		if err := syncDir(f.out); err != nil {
			return false, false, err
		}
	}
	part, err = exists(filepath.Join(f.out, "."+name+partSuffix))
	return final, part, err
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, quiet(err)
	}
	return true, nil
}

func (f folder) drop(_ context.Context, name string) error {
	if err := f.steps.next(); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(f.out, "."+name+partSuffix)); err != nil {
		return quiet(err)
	}
	return syncDir(f.out)
}

func (f folder) list(context.Context) ([]inFile, error) {
	entries, err := os.ReadDir(f.in)
	if err != nil {
		return nil, quiet(err)
	}
	if len(entries) > maxFiles {
		return nil, errors.New("there are too many files from the bank")
	}
	var out []inFile
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !wanted(e.Name()) {
			continue
		}
		out = append(out, inFile{e.Name(), info.Size()})
	}
	return out, nil
}

// wanted are files that are whole, of a kind that is read.
func wanted(name string) bool {
	lower := strings.ToLower(name)
	return !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "/\\\n\r") && (strings.HasSuffix(lower, ".xml") || strings.HasSuffix(lower, ".csv"))
}

func (f folder) read(_ context.Context, name string) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.in, name))
	if err != nil {
		return nil, quiet(err)
	}
	defer file.Close()
	return readAll(file)
}

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInbound+1))
	if err != nil {
		return nil, errors.New("can't read the bank's file")
	}
	return text, nil // ReadXML and CSVMap refuse what is too long
}

func (folder) close() {}
