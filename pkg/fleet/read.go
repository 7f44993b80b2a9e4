package fleet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/cli/values"
)

// Stdin is the file name of standard input.
const Stdin = "-"

// maxSize limits a Fleet file, in bytes. A thousand regions need a quarter of it.
const maxSize = 1 << 20

// ErrTooLarge means that the input of Read is longer than the limit.
var ErrTooLarge = errors.New("too large")

// Read reads up to limit bytes from the file, or from stdin if name is Stdin.
func Read(name string, stdin io.Reader, limit int64) ([]byte, error) {
	from := stdin
	if name != Stdin {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	if from == nil {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = ErrTooLarge
	}
	return data, err
}

// ReadFile reads, validates and completes the Fleet file of that name, or stdin if name is Stdin. Paths in it are relative
// to the file's folder, or for stdin to the working directory. Mistakes in the content are joined *FieldError values.
func ReadFile(name string, stdin io.Reader) (*Fleet, error) {
	shown, folder := name, filepath.Dir(name)
	if name == Stdin {
		shown, folder = "standard input", ""
	}
	data, err := Read(name, stdin, maxSize)
	if errors.Is(err, ErrTooLarge) {
		return nil, &FieldError{File: shown, Problem: fmt.Sprintf("larger than the limit of %d bytes; is it a Fleet file?", maxSize)}
	}
	if err != nil {
		return nil, fmt.Errorf("the Fleet file %s cannot be read: %w", shown, err)
	}
	in, p, err := decode(shown, data)
	if err != nil {
		return nil, err
	}
	return resolve(*in, folder, values.Options{}, true, p)
}
