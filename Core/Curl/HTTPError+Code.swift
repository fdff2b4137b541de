private import CCurl
package import HTTP

extension HTTPError.Code {
    /// How many error numbers libcurl has, including 0 (no error).
    package static let curlCodes = Int(CURL_LAST.rawValue)

    /// Classifies a libcurl error by its number.
    ///
    /// Errors caused by the target, the network or this process may be temporary, so that they get a code that is
    /// retried. `invalid` is only for requests that cannot be sent. Once a connection exists, the same libcurl error,
    /// such as "unsupported protocol", concerns the response and becomes `broken`.
    ///
    /// - Parameter isConnected: a connection was made or used for the call.
    package init(curl number: Int, isConnected: Bool) {
        self =
            switch CURLcode(UInt32(number)) {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .dns
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_NO_CONNECTION_AVAILABLE, CURLE_QUIC_CONNECT_ERROR,
                CURLE_PROXY:
                .connect
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
                .tls
            case CURLE_OPERATION_TIMEDOUT, CURLE_FTP_ACCEPT_TIMEOUT: .timeout
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT,
                CURLE_UNKNOWN_OPTION, CURLE_SETOPT_OPTION_SYNTAX:
                isConnected ? .broken : .invalid
            default: .broken
            }
    }
}
