package fleet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Stdin is the file name that means standard input.
const Stdin = "-"

// maxSize is the size in bytes above which a Fleet file is refused; a thousand
// regions take a quarter of it.
const maxSize = 1 << 20

// ReadFile reads the Fleet file of that name, or stdin if name is "-", and
// returns it validated and with its defaults filled in. Paths in it are
// relative to the file, or to the working directory for stdin. What is wrong
// with the content comes as *FieldError values, joined.
func ReadFile(name string, stdin io.Reader) (*Fleet, error) {
	shown, folder := name, filepath.Dir(name)
	var data []byte
	var err error
	if name == Stdin {
		shown, folder = "standard input", ""
		data, err = readCapped(stdin)
	} else {
		data, err = readNamed(name)
	}
	if errors.Is(err, errTooLarge) {
		return nil, &FieldError{File: shown, Problem: fmt.Sprintf("larger than %d bytes, the most that is read; is it a Fleet file?", maxSize)}
	}
	if err != nil {
		return nil, fmt.Errorf("the Fleet file %s cannot be read: %w", shown, err)
	}
	doc, err := decode(shown, data)
	if err != nil {
		return nil, err
	}
	return resolve(doc.fleet, folder, fileOrigin{file: shown, lines: doc.lines}, requirements{accessURL: true})
}

// Decode decodes a Fleet document strictly, without validating what its fields
// say. file is the name to use in errors, which are *FieldError values, joined.
func Decode(file string, data []byte) (*v1alpha1.Fleet, error) {
	doc, err := decode(file, data)
	if err != nil {
		return nil, err
	}
	return &doc.fleet, nil
}

var errTooLarge = errors.New("too large")

func readNamed(name string) (data []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return readCapped(file)
}

func readCapped(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = errTooLarge
	}
	return data, err
}
