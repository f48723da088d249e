// Package offsite is where copies are kept away from the appliance: a
// directory, a server that speaks SFTP, or a bucket that speaks S3. What it is
// given is encrypted already; it sees to it that a copy is there whole under
// its name, or not at all.
//
// It keeps nothing of its own. After a crash a copy that was being made is
// gone, or lies there under a name that ends in .part and is overwritten.
package offsite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Place is where copies are kept. Names have letters, digits, dots and hyphens
// and no slash. Errors bear no credentials.
type Place interface {
	// Put makes a copy of what fill writes, and returns its size once it is
	// durable there. A copy of that name is replaced.
	Put(ctx context.Context, name string, fill func(io.Writer) error) (int64, error)
	// Get writes a copy to w.
	Get(ctx context.Context, name string, w io.Writer) error
	// List returns the names of all copies, in order, at most MaxCopies.
	List(ctx context.Context) ([]string, error)
	// Remove takes a copy away; one that isn't there is no error.
	Remove(ctx context.Context, name string) error
	// String is the place for people, without credentials.
	String() string
}

// MaxCopies bounds what a place is asked for.
const MaxCopies = 10_000

// ErrTooMany says that there is more in a place than belongs there.
var ErrTooMany = errors.New("offsite: there are more than 10000 files; give the copies a place of their own")

// Options say where, and how one gets in.
type Options struct {
	// Target is a directory (an absolute path), sftp://USER@HOST[:PORT]/DIR, or
	// s3://BUCKET[/PREFIX].
	Target string
	// HostKey is the server's public key for SFTP, as ssh-keyscan shows it after
	// the name: no other server is spoken to. Key is our private key, in PEM.
	HostKey, Key string
	// Endpoint is the address of the S3 service; Region its region, "" is
	// us-east-1.
	Endpoint, Region, AccessKey, SecretKey string
	// Spool is the directory in which a copy for S3 is gathered first: its size
	// and its hash have to be known before it leaves. Required for s3.
	Spool string
	Now   func() time.Time // required for s3: requests are signed with their time
}

// Open reads options. Nothing is reached yet.
func Open(o Options) (Place, error) {
	switch u, err := url.Parse(o.Target); {
	case err != nil:
		return nil, errors.New("offsite: the target can't be read as an address")
	case filepath.IsAbs(o.Target):
		return directory(filepath.Clean(o.Target)), nil
	case u.Scheme == "sftp":
		return newSFTP(u, o)
	case u.Scheme == "s3":
		return newS3(u, o)
	}
	return nil, errors.New("offsite: a target is a directory, sftp://USER@HOST/DIR or s3://BUCKET/PREFIX")
}

// partSuffix ends the name of a copy that is not whole yet.
const partSuffix = ".part"

// checkName holds a name to what means the same in every place.
func checkName(name string) error {
	if name == "" || len(name) > 200 || name[0] == '.' || strings.HasSuffix(name, partSuffix) || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "" {
		return fmt.Errorf("offsite: %q is no name of a copy", name)
	}
	return nil
}
