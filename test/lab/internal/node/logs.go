package node

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// logs stores the logs of pods, and serves them where the API server expects a kubelet.
type logs struct {
	mu    sync.Mutex
	lines map[string][]string
	// files hold what processes wrote.
	files map[string]string
}

func newLogs() *logs { return &logs{lines: map[string][]string{}, files: map[string]string{}} }

// create creates the file for what a pod's process writes.
func (l *logs) create(pod *corev1.Pod, file string) (*os.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files[pod.Namespace+"/"+pod.Name] = file
	return os.Create(file)
}

func (l *logs) add(pod *corev1.Pod, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := pod.Namespace + "/" + pod.Name
	if before := l.lines[key]; len(before) > 0 && before[len(before)-1] == line {
		return
	}
	l.lines[key] = append(l.lines[key], line)
}

// serve answers GET /containerLogs/NAMESPACE/POD/CONTAINER[?tailLines=N].
func (l *logs) serve(port int, certificate, key []byte) (closeIt func(), err error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		lines := l.of(r.PathValue("namespace"), r.PathValue("pod"))
		if n, err := strconv.Atoi(r.URL.Query().Get("tailLines")); err == nil && n >= 0 {
			lines = lines[max(0, len(lines)-n):]
		}
		for _, line := range lines {
			_, _ = io.WriteString(w, line+"\n")
		}
	})
	return serveTLS(listener, []tls.Certificate{pair}, mux), nil
}

func (l *logs) of(namespace, pod string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := slices.Clone(l.lines[namespace+"/"+pod])
	if data, err := os.ReadFile(l.files[namespace+"/"+pod]); err == nil && len(data) > 0 {
		lines = append(lines, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")...)
	}
	return lines
}
