package fleet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/cli/values"
)

// Stdin is the file name that means standard input.
const Stdin = "-"

// maxSize is the size in bytes above which a Fleet file is refused; a thousand
// regions take a quarter of it.
const maxSize = 1 << 20

// ErrTooLarge is the error of Read for what is longer than the limit.
var ErrTooLarge = errors.New("too large")

// Read reads the file of that name, or stdin if name is Stdin, of up to limit bytes.
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

// ReadFile reads the Fleet file of that name, or stdin if name is "-", and
// returns it validated and with its defaults filled in. Paths in it are
// relative to the file, or to the working directory for stdin. What is wrong
// with the content comes as *FieldError values, joined.
func ReadFile(name string, stdin io.Reader) (*Fleet, error) {
	shown, folder := name, filepath.Dir(name)
	if name == Stdin {
		shown, folder = "standard input", ""
	}
	data, err := Read(name, stdin, maxSize)
	if errors.Is(err, ErrTooLarge) {
		return nil, &FieldError{File: shown, Problem: fmt.Sprintf("larger than %d bytes, the most that is read; is it a Fleet file?", maxSize)}
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
