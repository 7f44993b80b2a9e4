package node

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// logs keeps what pods say, and serves it where the API server asks a kubelet.
type logs struct {
	mu    sync.Mutex
	lines map[string][]string
}

func newLogs() *logs { return &logs{lines: map[string][]string{}} }

func (l *logs) add(pod *corev1.Pod, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := pod.Namespace + "/" + pod.Name
	if before := l.lines[key]; len(before) > 0 && before[len(before)-1] == line {
		return
	}
	l.lines[key] = append(l.lines[key], line)
}

// serve answers GET /containerLogs/NAMESPACE/POD/CONTAINER.
func (l *logs) serve(port int, certificate, key []byte) (closeIt func()) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return func() {}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return func() {}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _ = io.WriteString(w, strings.Join(l.lines[r.PathValue("namespace")+"/"+r.PathValue("pod")], "\n")+"\n")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}()
	return func() { _ = server.Close() }
}
