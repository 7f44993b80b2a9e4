package fleet

import (
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

// Read reads the file, or stdin if name is Stdin. Input of more than limit bytes, which are whole mebibytes, is an error.
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
		err = fmt.Errorf("it is longer than %d MiB", limit>>20)
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
	if err != nil {
		return nil, fmt.Errorf("the Fleet file %s cannot be read: %w", shown, err)
	}
	in, p, err := decode(shown, data)
	if err != nil {
		return nil, err
	}
	return resolve(*in, folder, values.Options{}, true, p)
}
