"""A small WSDL of the service: the operations, records and fields that this account plays, in NetSuite's namespaces.

Oracle's own WSDL has 1,800 types and is not ours to ship. The names and their order here are NetSuite's, because an
endpoint refuses any other; each line is one type: `Name(Base) @attribute field:type field:type*` (`*`: many).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_PACKAGES: Mapping[str, tuple[str, str]] = {
    "core": (
        "core_{0}.platform",
        """
        BaseRef name:string
        RecordRef(BaseRef) @internalId @externalId @type
        InitializeRef(BaseRef) @type @internalId @externalId
        RecordRefList recordRef:RecordRef*
        Record nullFieldList:NullField
        ListOrRecordRef @internalId @externalId @typeId name:string
        NullField name:string*
        SearchRecord
        StatusDetail @type code:string message:string afterSubmitFailed:boolean
        Status @isSuccess statusDetail:StatusDetail*
        TokenPassport account:string consumerKey:string token:string nonce:string timestamp:long signature:Signature
        Signature @algorithm
        CustomFieldRef @internalId @scriptId
        StringCustomFieldRef(CustomFieldRef) value:string
        LongCustomFieldRef(CustomFieldRef) value:long
        BooleanCustomFieldRef(CustomFieldRef) value:boolean
        SelectCustomFieldRef(CustomFieldRef) value:ListOrRecordRef
        CustomFieldList customField:CustomFieldRef*
        InitializeRecord type:string reference:InitializeRef
        ItemAvailabilityFilter item:RecordRefList lastQtyAvailableChange:dateTime
        SearchLongField @operator searchValue:long searchValue2:long
        SearchDateField @operator searchValue:dateTime searchValue2:dateTime
        SearchStringField @operator searchValue:string
        SearchEnumMultiSelectField @operator searchValue:string*
        SearchMultiSelectField @operator searchValue:RecordRef*
        """,
    ),
    "common": (
        "common_{0}.platform",
        """
        Address country:string attention:string addressee:string addrPhone:string addr1:string addr2:string
         addr3:string city:string state:string zip:string
        ItemSearchBasic(SearchRecord) internalIdNumber:SearchLongField itemId:SearchStringField
         lastModifiedDate:SearchDateField
        LocationSearchBasic(SearchRecord) internalIdNumber:SearchLongField subsidiary:SearchMultiSelectField
        VendorSearchBasic(SearchRecord) entityId:SearchStringField internalIdNumber:SearchLongField
         lastModifiedDate:SearchDateField subsidiary:SearchMultiSelectField
        CustomerSearchBasic(SearchRecord) email:SearchStringField internalIdNumber:SearchLongField
         lastModifiedDate:SearchDateField subsidiary:SearchMultiSelectField
        TransactionSearchBasic(SearchRecord) internalIdNumber:SearchLongField lastModifiedDate:SearchDateField
         subsidiary:SearchMultiSelectField type:SearchEnumMultiSelectField
        """,
    ),
    "sales": (
        "sales_{0}.transactions",
        """
        SalesOrder(Record) @internalId @externalId createdDate:dateTime entity:RecordRef currency:RecordRef
         tranDate:dateTime tranId:string orderStatus:string otherRefNum:string memo:string shippingAddress:Address
         shipDate:dateTime shippingCost:double taxTotal:double subsidiary:RecordRef lastModifiedDate:dateTime
         location:RecordRef itemList:SalesOrderItemList customFieldList:CustomFieldList
        SalesOrderItemList @replaceAll item:SalesOrderItem*
        SalesOrderItem item:RecordRef quantity:double units:RecordRef description:string rate:string amount:double
         location:RecordRef createPo:string createdPo:RecordRef poVendor:RecordRef poRate:double isClosed:boolean
         line:long quantityFulfilled:double noAutoAssignLocation:boolean
        ItemFulfillment(Record) @internalId @externalId createdDate:dateTime lastModifiedDate:dateTime entity:RecordRef
         createdFrom:RecordRef shippedDate:dateTime shipStatus:string tranDate:dateTime tranId:string
         shipMethod:RecordRef memo:string packageList:ItemFulfillmentPackageList itemList:ItemFulfillmentItemList
         customFieldList:CustomFieldList
        ItemFulfillmentPackageList @replaceAll package:ItemFulfillmentPackage*
        ItemFulfillmentPackage packageWeight:double packageDescr:string packageTrackingNumber:string
        ItemFulfillmentItemList @replaceAll item:ItemFulfillmentItem*
        ItemFulfillmentItem itemReceive:boolean location:RecordRef quantity:double item:RecordRef orderLine:long
         quantityRemaining:double
        """,
    ),
    "purchases": (
        "purchases_{0}.transactions",
        """
        PurchaseOrder(Record) @internalId @externalId createdDate:dateTime lastModifiedDate:dateTime entity:RecordRef
         tranDate:dateTime tranId:string createdFrom:RecordRef dueDate:dateTime otherRefNum:string memo:string
         currency:RecordRef shippingAddress:Address location:RecordRef subsidiary:RecordRef
         itemList:PurchaseOrderItemList
         customFieldList:CustomFieldList
        PurchaseOrderItemList @replaceAll item:PurchaseOrderItem*
        PurchaseOrderItem item:RecordRef line:long quantityReceived:double quantityBilled:double quantity:double
         units:RecordRef rate:string amount:double location:RecordRef isClosed:boolean
        ItemReceipt(Record) @internalId @externalId createdDate:dateTime lastModifiedDate:dateTime entity:RecordRef
         createdFrom:RecordRef tranDate:dateTime tranId:string memo:string itemList:ItemReceiptItemList
         customFieldList:CustomFieldList
        ItemReceiptItemList @replaceAll item:ItemReceiptItem*
        ItemReceiptItem itemReceive:boolean item:RecordRef orderLine:long location:RecordRef quantityRemaining:double
         quantity:double
        VendorBill(Record) @internalId @externalId createdDate:dateTime lastModifiedDate:dateTime entity:RecordRef
         tranDate:dateTime tranId:string userTotal:double memo:string currency:RecordRef itemList:VendorBillItemList
         purchaseOrderList:RecordRefList customFieldList:CustomFieldList
        VendorBillItemList @replaceAll item:VendorBillItem*
        VendorBillItem item:RecordRef orderDoc:long orderLine:long quantity:double rate:string
        """,
    ),
    "inventory": (
        "inventory_{0}.transactions",
        """
        TransferOrder(Record) @internalId @externalId createdDate:dateTime lastModifiedDate:dateTime tranDate:dateTime
         tranId:string orderStatus:string subsidiary:RecordRef location:RecordRef transferLocation:RecordRef
         memo:string shipDate:dateTime itemList:TransferOrderItemList customFieldList:CustomFieldList
        TransferOrderItemList @replaceAll item:TransferOrderItem*
        TransferOrderItem item:RecordRef line:long quantityFulfilled:double quantityReceived:double quantity:double
         units:RecordRef isClosed:boolean expectedShipDate:dateTime expectedReceiptDate:dateTime
        InventoryAdjustment(Record) @internalId @externalId tranDate:dateTime createdDate:dateTime tranId:string
         lastModifiedDate:dateTime subsidiary:RecordRef account:RecordRef adjLocation:RecordRef memo:string
         inventoryList:InventoryAdjustmentInventoryList customFieldList:CustomFieldList
        InventoryAdjustmentInventoryList @replaceAll inventory:InventoryAdjustmentInventory*
        InventoryAdjustmentInventory item:RecordRef line:long location:RecordRef units:RecordRef adjustQtyBy:double
         unitCost:double memo:string
        """,
    ),
    "relationships": (
        "relationships_{0}.lists",
        """
        Customer(Record) @internalId @externalId entityId:string isPerson:boolean firstName:string lastName:string
         companyName:string email:string subsidiary:RecordRef currency:RecordRef
         lastModifiedDate:dateTime customFieldList:CustomFieldList
        Vendor(Record) @internalId @externalId entityId:string companyName:string email:string isInactive:boolean
         lastModifiedDate:dateTime subsidiary:RecordRef customFieldList:CustomFieldList
        """,
    ),
    "messages": (
        "messages_{0}.platform",
        """
        Preferences warningAsError:boolean ignoreReadOnlyFields:boolean
        SearchPreferences bodyFieldsOnly:boolean returnSearchColumns:boolean pageSize:int
        GetDataCenterUrlsRequest account:string
        GetServerTimeRequest
        GetAccountGovernanceInfoRequest
        GetIntegrationGovernanceInfoRequest
        GetListRequest baseRef:BaseRef*
        UpsertListRequest record:Record*
        InitializeRequest initializeRecord:InitializeRecord
        SearchRequest searchRecord:SearchRecord
        GetItemAvailabilityRequest itemAvailabilityFilter:ItemAvailabilityFilter
        Response
        """,
    ),
}
_SIGNED = "tokenPassport"
_HEADERS = {"tokenPassport": "TokenPassport", "preferences": "Preferences", "searchPreferences": "SearchPreferences"}
#: Each operation with the header that it takes beside the passport.
_OPERATIONS = {
    "getServerTime": "",
    "getDataCenterUrls": "",
    "getAccountGovernanceInfo": "",
    "getIntegrationGovernanceInfo": "",
    "getList": "preferences",
    "upsertList": "preferences",
    "initialize": "preferences",
    "search": "searchPreferences",
    "getItemAvailability": "preferences",
}


def documents(version: str) -> dict[str, str]:
    """Return every document of the WSDL by its path beside `netsuite.wsdl`."""
    files = {f"xsd/{name}.xsd": _schema(name, version) for name in _PACKAGES}
    return {"netsuite.wsdl": _wsdl(version), **files}


def order_of(type_: str) -> tuple[str, ...]:
    """Return the names of a type's elements in the order in which an endpoint wants and writes them."""
    found = (line for name in _PACKAGES for line in _lines(name) if line.split()[0].partition("(")[0] == type_)
    parts = next(found, "").split()[1:]
    return tuple(each.partition(":")[0] for each in parts if not each.startswith("@"))


def _namespace(name: str, version: str) -> str:
    return f"urn:{_PACKAGES[name][0].format(version)}.webservices.netsuite.com"


def _lines(name: str) -> Iterator[str]:
    """Yield one text a type; a line that begins deeper goes on from the one before."""
    for line in _PACKAGES[name][1].replace("\n         ", " ").splitlines():
        if line.strip():
            yield line.strip()


def _home() -> dict[str, str]:
    """Return the package of each type."""
    return {line.split()[0].partition("(")[0]: name for name in _PACKAGES for line in _lines(name)}


def _schema(name: str, version: str) -> str:
    homes = _home()
    spaces = "".join(f' xmlns:{each}="{_namespace(each, version)}"' for each in _PACKAGES)
    imports = "".join(
        f'<import namespace="{_namespace(each, version)}" schemaLocation="{each}.xsd"/>'
        for each in _PACKAGES
        if each != name
    )
    types = "".join(_type(line, homes) for line in _lines(name))
    elements = "".join(_elements()) if name == "messages" else ""
    return (
        f'<schema xmlns="http://www.w3.org/2001/XMLSchema"{spaces} targetNamespace="{_namespace(name, version)}"'
        f' elementFormDefault="qualified">{imports}{types}{elements}</schema>'
    )


def _elements() -> Iterator[str]:
    homes = _home()
    for header, type_ in _HEADERS.items():
        yield f'<element name="{header}" type="{homes[type_]}:{type_}"/>'
    for each in _OPERATIONS:
        yield f'<element name="{each}" type="messages:{each[0].upper()}{each[1:]}Request"/>'
        yield f'<element name="{each}Response" type="messages:Response"/>'


def _type(line: str, homes: Mapping[str, str]) -> str:
    head, *parts = line.split()
    name, _, base = head.rstrip(")").partition("(")
    if name == "Signature":
        return (
            '<complexType name="Signature"><simpleContent><extension base="string">'
            '<attribute name="algorithm" type="string"/></extension></simpleContent></complexType>'
        )
    fields = "".join(_field(each, homes) for each in parts if not each.startswith("@"))
    inner = f"<sequence>{fields}</sequence>"
    inner += "".join(f'<attribute name="{each[1:]}" type="string"/>' for each in parts if each.startswith("@"))
    if base:
        extension = f'<extension base="{homes[base]}:{base}">{inner}</extension>'
        inner = f"<complexContent>{extension}</complexContent>"
    return f'<complexType name="{name}">{inner}</complexType>'


def _field(part: str, homes: Mapping[str, str]) -> str:
    name, _, type_ = part.rstrip("*").partition(":")
    known = f"{homes[type_]}:{type_}" if type_ in homes else type_
    many = ' maxOccurs="unbounded"' if part.endswith("*") else ""
    return f'<element name="{name}" type="{known}" minOccurs="0"{many}/>'


def _wsdl(version: str) -> str:
    space, messages = f"urn:platform_{version}.webservices.netsuite.com", _namespace("messages", version)
    imports = "".join(
        f'<xsd:import namespace="{_namespace(each, version)}" schemaLocation="./xsd/{each}.xsd"/>' for each in _PACKAGES
    )
    headers = "".join(f'<part name="{each}" element="m:{each}"/>' for each in _HEADERS)
    parts = "".join(
        f'<message name="{each}{form}"><part name="parameters" element="m:{each}{suffix}"/></message>'
        for each in _OPERATIONS
        for form, suffix in (("Request", ""), ("Response", "Response"))
    )
    ports = "".join(
        f'<operation name="{each}"><input message="tns:{each}Request"/>'
        f'<output message="tns:{each}Response"/></operation>'
        for each in _OPERATIONS
    )
    bound = "".join(_bound(each, header) for each, header in _OPERATIONS.items())
    return (
        f'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
        f' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{space}" xmlns:m="{messages}"'
        f' targetNamespace="{space}"><types><xsd:schema>{imports}</xsd:schema></types>'
        f'<message name="headers">{headers}</message>{parts}<portType name="NetSuitePortType">{ports}</portType>'
        f'<binding name="NetSuiteBinding" type="tns:NetSuitePortType">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{bound}</binding>'
        f'<service name="NetSuiteService"><port name="NetSuitePort" binding="tns:NetSuiteBinding">'
        f'<soap:address location="https://webservices.netsuite.com/services/NetSuitePort_{version}"/></port></service>'
        f"</definitions>"
    )


def _bound(operation: str, header: str) -> str:
    taken = "".join(
        f'<soap:header message="tns:headers" part="{each}" use="literal"/>' for each in (_SIGNED, header) if each
    )
    return (
        f'<operation name="{operation}"><soap:operation soapAction="{operation}"/>'
        f'<input>{taken}<soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>'
    )
