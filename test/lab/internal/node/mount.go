package node

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// mounts are the folders of this machine that stand for a container's, by path in the container.
type mounts map[string]string

// mount writes the files of a container's volumes below a folder.
func (e environment) mount(folder string, container corev1.Container) (mounts, error) {
	all := mounts{"/tmp": filepath.Join(folder, "read-only")} // unless something is mounted there
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	for i, mount := range container.VolumeMounts {
		if !e.mounted[mount.Name] {
			return nil, fmt.Errorf("the lab mounts ConfigMaps, Secrets and emptyDirs, and volume %q is none", mount.Name)
		}
		at := path.Clean(mount.MountPath)
		all[at] = filepath.Join(folder, fmt.Sprint(i))
		if err := os.MkdirAll(all[at], 0o700); err != nil {
			return nil, err
		}
	}
	for name, data := range e.files {
		file := all.inside(name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// word is a path in an argument or a value, which may be a flag's or one of several.
var word = regexp.MustCompile(`(^|[=:,])/[^=:,]*`)

// inside replaces each path at or below a mount, wherever one begins in the text, by that of the
// mount's folder.
func (m mounts) inside(text string) string {
	return word.ReplaceAllStringFunc(text, func(found string) string {
		before, name, _ := strings.Cut(found, "/")
		name = path.Clean("/" + name)
		for at := name; at != "/"; at = path.Dir(at) {
			if folder, ok := m[at]; ok {
				return before + folder + strings.TrimPrefix(name, at)
			}
		}
		return found
	})
}
