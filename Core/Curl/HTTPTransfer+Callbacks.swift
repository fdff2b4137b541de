internal import CCurl
internal import HTTP

// Functions that libcurl calls on the engine's thread, each with the object that it was registered with.

func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
    let isWanted = unsafe Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
        .append(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return isWanted ? size * count : 0
}

func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
    unsafe Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
        .appendHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context = unsafe context, let address = unsafe address else { return CURL_SOCKET_BAD }
    return unsafe Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue().open(address)
}

func closeSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
    guard let context = unsafe context else { return -1 }
    return unsafe Unmanaged<ConnectionTable>.fromOpaque(context).takeUnretainedValue().close(socket)
}

func beforeRequest(
    _ context: UnsafeMutableRawPointer?, _ remote: UnsafeMutablePointer<CChar>?, _ local: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
    guard let context = unsafe context, let remote = unsafe remote, let local = unsafe local else {
        return CURL_PREREQFUNC_ABORT
    }
    let endpoints = unsafe ConnectionTable.Endpoints(
        local: String(cString: local), localPort: localPort, remote: String(cString: remote), remotePort: remotePort)
    let transfer = unsafe Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.claimConnection(endpoints) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
