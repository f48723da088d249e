package locker

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"penstock/store"
)

// CredentialName is the systemd credential that holds the master key.
const CredentialName = "master.key"

const maxMasterFile = 4 << 10

// MasterFromFile reads a master key as NewMasterFile writes it. The file must
// be regular, no symbolic link, owned by this process' user or root, and open
// to nobody else: mode 0600 or stricter. All other errors than the system's
// are ErrMasterSource and say what to do.
func MasterFromFile(path string) (MasterKey, error) {
	return readMaster(path, 0o600, "chmod 600 it, and treat the key as seen by others: rotate the master key")
}

// MasterFromCredential reads the master key from a unit's credentials, given
// the value of CREDENTIALS_DIRECTORY. systemd may give access by an ACL, whose mask
// shows as the group's right to read, so mode 0440 is good there.
func MasterFromCredential(directory string) (MasterKey, error) {
	if directory == "" {
		return MasterKey{}, fmt.Errorf("%w: no credentials directory; the unit needs LoadCredentialEncrypted=%s:PATH", ErrMasterSource, CredentialName)
	}
	return readMaster(filepath.Join(directory, CredentialName), 0o640, "a credential is never open to others: is this systemd's directory?")
}

func readMaster(path string, most os.FileMode, remedy string) (MasterKey, error) {
	// NONBLOCK, so that a named pipe is refused below instead of waited for.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return MasterKey{}, fmt.Errorf("%w: %s is a symbolic link; give the file itself", ErrMasterSource, path)
	}
	if err != nil {
		return MasterKey{}, fmt.Errorf("open master key: %w", err)
	}
	defer f.Close()
	if err := checkMasterFile(f, most, remedy); err != nil {
		return MasterKey{}, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxMasterFile+1))
	defer clear(text)
	if err != nil {
		return MasterKey{}, fmt.Errorf("read master key: %w", err)
	}
	m, err := ParseMaster(text)
	if err != nil {
		return MasterKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// checkMasterFile looks at the open file, not at the path, which may by now
// name another.
func checkMasterFile(f *os.File, most os.FileMode, remedy string) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is no regular file", ErrMasterSource, f.Name())
	}
	if mode := info.Mode().Perm(); mode&^most != 0 {
		return fmt.Errorf("%w: %s has mode %04o, at most %04o is allowed: %s", ErrMasterSource, f.Name(), mode, most, remedy)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: %s belongs to user %d; chown it to the user that runs this, or to root", ErrMasterSource, f.Name(), s.Uid)
	}
	return nil
}

// ParseMaster reads a master key's text: one line with 32 bytes in hex or
// standard base64, besides empty lines and comments, which begin with "#".
func ParseMaster(text []byte) (MasterKey, error) {
	if len(text) > maxMasterFile {
		return MasterKey{}, fmt.Errorf("%w: longer than %d bytes, so no master key", ErrMasterSource, maxMasterFile)
	}
	var value []byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if value != nil {
			return MasterKey{}, fmt.Errorf("%w: more than one line that is no comment", ErrMasterSource)
		}
		value = line
	}
	var raw [48]byte // room for what the longest value of a right length decodes to
	defer clear(raw[:])
	n, err := 0, error(nil)
	switch len(value) {
	case hex.EncodedLen(keySize):
		n, err = hex.Decode(raw[:], value)
	case base64.StdEncoding.EncodedLen(keySize):
		n, err = base64.StdEncoding.Strict().Decode(raw[:], value)
	}
	if err != nil || n != keySize { // err would quote a character of the key
		return MasterKey{}, fmt.Errorf("%w: want 32 bytes as 64 hex digits or 44 characters of base64; make a new file and never edit it", ErrMasterSource)
	}
	k := key(raw[:keySize])
	if k == (key{}) {
		return MasterKey{}, fmt.Errorf("%w: all bytes are zero", ErrMasterSource)
	}
	return masterOf(k, nil), nil
}

// NewMasterFile creates path, which must not exist, with a new random master
// key and mode 0600. When it returns nil the file is durable; after an error
// there is none.
func NewMasterFile(path string) (m MasterKey, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return MasterKey{}, fmt.Errorf("create master key: %w", err)
	}
	m = NewMaster()
	text := fmt.Appendf(nil, "# penstock master key %s. Whoever has it and the keyring reads every detail;\n# without it nobody does. Keep a copy elsewhere, apart from the backups.\n", m.ID())
	text = base64.StdEncoding.AppendEncode(text, m.m.key[:])
	text = append(text, '\n')
	defer clear(text)
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = store.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return MasterKey{}, errors.Join(fmt.Errorf("write master key: %w", err), os.Remove(path))
	}
	return m, nil
}
