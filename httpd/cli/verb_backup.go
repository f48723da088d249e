package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock/httpd/client"
	"penstock/store"
)

// ageMagic begins every age file, and so every backup.
const ageMagic = "age-encryption.org/v1\n"

// savedBackup is what backup prints.
type savedBackup struct {
	File    string    `json:"file"`
	Bytes   int64     `json:"bytes"`
	Keys    string    `json:"keys"`
	Ring    string    `json:"ring"`
	Created time.Time `json:"created"`
	Removed []string  `json:"removed_keys"` // older copies of the keyring
}

func verbBackup(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backup [FILE]",
		Short:   "Write an encrypted backup while the daemon goes on",
		GroupID: groupKeep,
		Args:    cobra.MaximumNArgs(1),
		Long: `Writes FILE, the store as of one moment, compressed and encrypted so that the
master key opens it and nothing else does; there is no key in it. Beside it is
FILE.keys, the wrapped data keys. Only the newest copy of those is kept: with an
old one, a customer who was erased since could be read again. So older *.keys of
this appliance in the same directory are removed, and restore takes the newest.
Keep the master key elsewhere.

Without FILE it goes to backup.target of the configuration: a directory, a server
by SFTP or a bucket by S3, where backup.keep of them are kept. The daemon does
that by itself on backup.schedule; --list shows what is there.`,
		Example: `  penstock backup --config pay/config.toml
  penstock backup /backup/penstock-monday --config pay/config.toml
  penstock backup /backup/penstock --json && rsync -a --delete /backup/ elsewhere:/backup/`,
	}
	r := asking(env, cmd)
	list := cmd.Flags().Bool("list", false, "show the backups in backup.target")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, _, err := LoadConfig(*r.file, env.Environ)
		if err != nil {
			return err
		}
		if *list || len(args) == 0 {
			return backupPlace(cmd.Context(), r, cfg, *list)
		}
		out, err := saveBackup(cmd.Context(), env, cfg, args[0])
		if err != nil {
			return answered(err)
		}
		if *r.json {
			return printJSON(env, out)
		}
		printPairs(env, []pair{{"Backup", fmt.Sprintf("%s, %s", out.File, plural(int(out.Bytes), "byte"))}, {"Keys", out.Keys}})
		for _, old := range out.Removed {
			fmt.Fprintf(env.Stderr, "removed the older %s\n", old)
		}
		return nil
	}
	return cmd
}

// backupPlace lists the configuration's place, or puts a backup there.
func backupPlace(ctx context.Context, r remote, cfg Config, list bool) error {
	to, err := cfg.place(r.env)
	if err == nil && to == nil {
		err = usage(errors.New("give a FILE, or set backup.target in the configuration"))
	}
	if err != nil {
		return err
	}
	if list {
		all, err := to.List(ctx)
		if err != nil {
			return err
		}
		if *r.json {
			return printJSON(r.env, map[string]any{"place": to.String(), "names": append([]string{}, all...)})
		}
		for _, name := range all {
			fmt.Fprintln(r.env.Stdout, name)
		}
		return nil
	}
	from, err := backupOrigin(ctx, r.env, cfg)
	if err != nil {
		return answered(err)
	}
	out, err := saveTo(ctx, to, from, cfg.Backup.Keep, time.Now())
	if err := errors.Join(err, from.close()); err != nil {
		return answered(err)
	}
	if *r.json {
		return printJSON(r.env, out)
	}
	printPairs(r.env, []pair{{"Backup", fmt.Sprintf("%s, %s", out.Name, plural(int(out.Bytes), "byte"))}, {"Place", out.Place}})
	for _, old := range out.Removed {
		fmt.Fprintf(r.env.Stderr, "removed the older %s\n", old)
	}
	return nil
}

// origin is where a backup comes from: the daemon, or the store opened here.
type origin struct {
	store, keys func(context.Context, io.Writer) error
	close       func() error
}

// backupOrigin asks the daemon, and opens the store where there is none.
func backupOrigin(ctx context.Context, env Env, cfg Config) (origin, error) {
	c := client.New(cfg.SocketPath())
	_, err := c.Status(ctx)
	if err == nil {
		return origin{c.Backup, c.Keyring, func() error { return nil }}, nil
	}
	if !errors.Is(err, client.ErrNoDaemon) {
		return origin{}, err
	}
	a, err := opening{env: env, cfg: cfg, log: slog.New(slog.DiscardHandler)}.open(ctx)
	if err != nil {
		return origin{}, err
	}
	return origin{a.backup, a.keyring, a.Close}, nil
}

// saveBackup writes both files under temporary names and renames them when
// they are whole and durable: the keyring first, since a newer one opens an
// older backup, but not the other way round.
func saveBackup(ctx context.Context, env Env, cfg Config, file string) (out savedBackup, err error) {
	if file, err = filepath.Abs(file); err != nil {
		return out, fmt.Errorf("find %s: %w", file, err)
	}
	if err := onlyBackup(file); err != nil {
		return out, err
	}
	from, err := backupOrigin(ctx, env, cfg)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	out = savedBackup{File: file, Keys: file + ".keys", Removed: []string{}}
	p := newProgress(env, "bytes saved", true)
	defer p.end()
	if out.Bytes, err = writeWhole(out.File+".part", func(w io.Writer) error { return from.store(ctx, io.MultiWriter(w, p)) }); err != nil {
		return out, err
	}
	if _, err = writeWhole(out.Keys+".part", func(w io.Writer) error { return from.keys(ctx, w) }); err != nil {
		return out, errors.Join(err, os.Remove(out.File+".part"))
	}
	for _, name := range []string{out.Keys, out.File} {
		if err := os.Rename(name+".part", name); err != nil {
			return out, fmt.Errorf("rename: %w", err)
		}
	}
	if err := store.SyncDir(filepath.Dir(file)); err != nil {
		return out, err
	}
	m, err := keysManifest(out.Keys)
	if err != nil {
		return out, err
	}
	out.Ring, out.Created = m.Ring, m.Created
	out.Removed, err = dropOlderKeys(out.Keys, m)
	return out, err
}

// onlyBackup refuses to overwrite what is no backup.
func onlyBackup(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", file, err)
	}
	defer f.Close()
	head := make([]byte, len(ageMagic))
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head, []byte(ageMagic)) {
		return fmt.Errorf("%s is there and is no backup; it is left as it is", file)
	}
	return nil
}

// writeWhole writes a file, for its owner alone, that is durable when it
// returns nil and gone otherwise.
func writeWhole(path string, fill func(io.Writer) error) (n int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", path, err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = fill(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Close()); err != nil {
		return 0, errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return info.Size(), nil
}

// keysManifest reads whose keyring a file is.
func keysManifest(path string) (manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return manifest{}, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	m, err := readManifest(bufio.NewReaderSize(f, maxManifest), parcelKeyring)
	if err != nil {
		return m, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

// dropOlderKeys removes the copies of the same keyring beside the newest. A
// file that is anything else, or another appliance's, is left alone.
func dropOlderKeys(newest string, m manifest) ([]string, error) {
	removed := []string{}
	entries, err := os.ReadDir(filepath.Dir(newest))
	if err != nil {
		return removed, fmt.Errorf("look for older keys: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(newest), e.Name())
		if path == newest || !strings.HasSuffix(path, ".keys") || !e.Type().IsRegular() {
			continue
		}
		old, err := keysManifest(path)
		if err != nil || m.Ring == "" || old.Ring != m.Ring || old.Created.After(m.Created) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return removed, fmt.Errorf("remove older keys: %w", err)
		}
		removed = append(removed, path)
	}
	return removed, nil
}
