package cluster

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/version"
)

// decodeVersion reads the answer of /version.
func decodeVersion(raw []byte) (string, error) {
	var info version.Info
	if err := json.Unmarshal(raw, &info); err != nil {
		return "", fmt.Errorf("the API server's /version is not understood: %w", err)
	}
	if info.GitVersion == "" {
		return "", errors.New("the API server's /version names no version")
	}
	return info.GitVersion, nil
}
